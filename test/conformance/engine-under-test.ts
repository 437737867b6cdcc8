import type { ListStore, SegmentationEngine, UserView } from '@tessera/audience';
import type { Catalog, Guid, TagStore } from '@tessera/tag-catalog';

/** `replay`: as after a crash, from whatever was written so far. `checkpoint`: closed in order and opened again. */
export type RestartMode = 'replay' | 'checkpoint';

export interface EngineSetup {
  readonly catalog: () => Catalog;
  /** Wall clock, ms. */
  readonly nowMs: () => number;
  /** Where an engine has shards and can be told: so many users in the first one, so many in the next one … Default: as they come. */
  readonly usersPerShard?: number;
}

/** An engine's single users as the suite sees them: as they stand. */
export interface UsersUnderTest {
  readonly dataVersion: number;
  user(cuid: string): UserView | undefined;
  cuidOf(guid: Guid): string | undefined;
  guidOf(cuid: string): Guid | undefined;
  /** Waits until `position` is applied, at most `timeoutMs`; false if it did not come. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

/** An engine as the suite sees it: the ports, and the ways to restart and check it. */
export interface EngineUnderTest {
  readonly name: string;
  readonly store: TagStore;
  readonly engine: SegmentationEngine;
  readonly users: UsersUnderTest;
  readonly lists: Pick<ListStore, 'create' | 'remove'>;
  /** Of the nodes of a question only one in so many is counted alone as well: where a statement takes its time. Default 1. */
  readonly countsAloneEvery?: number;
  /** None: it keeps everything in memory, or restarting it is nothing of ours. */
  readonly restarts: readonly RestartMode[];
  restart(mode: RestartMode): Promise<void>;
  /** Checks what is stored against itself; what is wrong, one sentence each. */
  verify(): Promise<readonly string[]>;
  /** Also removes what it stored. */
  close(): Promise<void>;
}

export interface EngineFactory {
  readonly name: string;
  /** An empty engine. */
  open(setup: EngineSetup): Promise<EngineUnderTest>;
}
