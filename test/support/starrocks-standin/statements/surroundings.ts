import type { Follower } from '../engine/follower';
import type { Cell } from '../engine/result';
import type { FaultAction, FaultPoint } from '../faults';

/** A session as others see it. */
export interface RunningSession {
  readonly id: number;
  /** Of custom_query_id. */
  readonly queryId: string;
  readonly process: readonly Cell[];
  /** Ends the statement that runs. */
  cancel(): void;
}

/** Another client, as KILL and SHOW PROCESSLIST see it. */
export interface Client {
  readonly session: RunningSession | null;
  drop(): void;
}

export interface SessionSurroundings {
  readonly clients: ReadonlyMap<number, Client>;
  /** The frontend; null: the leader. */
  readonly follower: Follower | null;
  /** Where faults happen. @param ended resolves when nobody waits for the statement any more. */
  meet(at: FaultPoint, text: string, ended: Promise<unknown>): Promise<FaultAction | null>;
}
