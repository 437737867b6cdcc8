import type { FieldStatisticsReader, ListStore, SegmentationEngine } from '@tessera/audience';
import type { Verifier } from '@tessera/http-api';
import type { KafkaLog } from '@tessera/kafka';
import { quietly } from '@tessera/platform';
import type { DependencyState, StarrocksSettings, StarrocksSqlShape, StarrocksUrls } from '@tessera/platform';
import {
  StarrocksCheck,
  StarrocksEngine,
  StarrocksLists,
  StarrocksPool,
  StarrocksStatistics,
  StarrocksUserRows,
  StarrocksUsers,
} from '@tessera/starrocks-engine';
import type { CatalogStore } from '@tessera/tag-catalog';
import type { EngineUsers } from '../users/distributed-user-reader';
import type { GuidLookup } from '../users/guid-lookup';
import { AskingEngine } from './asking-engine';
import { callerMustSee } from './caller';
import { UserCheck } from './check-users';

/** What questions and lists have left behind is taken away so often. */
const SWEEP_MS = 3_600_000;
/** Between two looks for changes of lists that broke off. */
const SETTLE_MS = 10_000;

/** StarRocks as the ports of the HTTP API. */
export interface OpenedEngine {
  readonly engine: SegmentationEngine;
  readonly lists: ListStore;
  readonly statistics: FieldStatisticsReader;
  readonly verifier: Verifier;
  readonly singleUsers: EngineUsers;
  /** For readiness. */
  state(): Promise<DependencyState>;
  close(): Promise<void>;
}

interface EngineConfig extends StarrocksSettings {
  readonly sqlShape: StarrocksSqlShape;
}

interface EngineParts {
  readonly catalogStore: Pick<CatalogStore, 'current'>;
  readonly lookup: GuidLookup;
  readonly log: KafkaLog;
}

/** Connects when it is first asked. */
export function openEngine(urls: StarrocksUrls, config: EngineConfig, parts: EngineParts): OpenedEngine {
  const { starrocksDatabase, starrocksConcurrency, starrocksWaiting, starrocksTimeoutMs, sqlShape } = config;
  const { catalogStore, lookup, log } = parts;
  const pool = new StarrocksPool({
    urls,
    database: starrocksDatabase,
    concurrency: starrocksConcurrency,
    waitingMax: starrocksWaiting,
    timeoutMs: starrocksTimeoutMs,
    syncsFirst: callerMustSee,
  });
  const engine = new StarrocksEngine({
    pool,
    nowMs: Date.now,
    shape: sqlShape,
    timeoutMs: starrocksTimeoutMs,
  });
  const asking = new AskingEngine(engine);
  const lists = new StarrocksLists(pool, asking, (cuids) => lookup.find(cuids), Date.now, starrocksTimeoutMs);
  const users = new StarrocksUsers(pool);
  const check = new StarrocksCheck(pool, () => catalogStore.current(), Date.now);
  const sweeps = [
    quietly('What questions have left in StarRocks can not be swept', () => engine.sweep(), log),
    quietly('What lists have left in StarRocks can not be swept', () => lists.sweep(), log),
  ];
  const settle = quietly(
    'Changes of lists that broke off can not be ended in StarRocks',
    () => lists.settleLeft(),
    log,
  );
  const sweeper = setInterval(() => {
    for (const sweep of sweeps) void sweep();
  }, SWEEP_MS).unref();
  const settler = setInterval(() => void settle(), SETTLE_MS).unref();
  return {
    engine: asking,
    lists,
    statistics: new StarrocksStatistics(pool, Date.now, () => !callerMustSee()),
    verifier: new UserCheck({ check, users, lookup }),
    singleUsers: { rows: new StarrocksUserRows(pool, Date.now), users },
    state: () => pool.state(),
    close: async () => {
      clearInterval(sweeper);
      clearInterval(settler);
      await engine.close();
      await pool.close();
    },
  };
}
