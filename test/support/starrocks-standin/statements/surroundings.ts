import type { Follower } from '../engine/follower';
import type { FaultAction, FaultPoint } from '../faults';
import type { Session } from './session';

/** Another client, as KILL and SHOW PROCESSLIST see it. */
export interface Client {
  readonly session: Session | null;
  drop(): void;
}

export interface SessionSurroundings {
  readonly clients: ReadonlyMap<number, Client>;
  /** The frontend; null: the leader. */
  readonly follower: Follower | null;
  /** Where faults happen. @param ended resolves when nobody waits for the statement any more. */
  meet(at: FaultPoint, text: string, ended: Promise<unknown>): Promise<FaultAction | null>;
}
