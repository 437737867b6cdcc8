import { ReferenceStore } from '@tessera/audience';
import type { SegmentationEngine } from '@tessera/audience';
import { StarrocksEngine, StarrocksPool } from '@tessera/starrocks-engine';
import type { ShapeChoice } from '@tessera/starrocks-engine';
import type { StarrocksAtHand } from '../../support/starrocks-standin/with-starrocks';
import type { EngineFactory, EngineSetup, EngineUnderTest } from '../engine-under-test';
import { StarrocksState } from './starrocks-state';
import { StateTables } from './state-tables';

const COUNTS_ALONE_EVERY = 5;

let opened = 0;

/** The StarRocks engine, with a database of its own for every script. @param shape of all its statements. */
export function starrocksFactory(starrocks: () => StarrocksAtHand, shape: ShapeChoice): EngineFactory {
  return {
    name: `starrocks, ${shape}`,
    async open(setup): Promise<EngineUnderTest> {
      const at = starrocks();
      opened += 1;
      const database = `${at.database}_${opened}`;
      const outside = new StarrocksPool({ urls: [at.mysqlUrl], database: at.database, concurrency: 1 });
      try {
        await outside.run(`CREATE DATABASE \`${database}\``);
      } finally {
        await outside.close();
      }
      return openIn(at, database, shape, setup);
    },
  };
}

function openIn(at: StarrocksAtHand, database: string, shape: ShapeChoice, setup: EngineSetup): EngineUnderTest {
  const pool = new StarrocksPool({ urls: [new URL('/', at.mysqlUrl).href], database });
  const tables = new StateTables(pool, database);
  const reference = new ReferenceStore({ nowMs: setup.nowMs });
  const { catalog, nowMs, usersPerShard } = setup;
  const state = new StarrocksState({ pool, tables, reference, catalog, nowMs, usersPerSegment: usersPerShard });
  const engine = new StarrocksEngine({ pool, nowMs, shape });
  return {
    name: `starrocks, ${shape}`,
    store: state,
    engine: followed(engine, () => tables.follow(catalog())),
    users: state,
    lists: state.lists,
    countsAloneEvery: COUNTS_ALONE_EVERY,
    restarts: [],
    restart: async () => undefined,
    verify: async () => {
      await engine.close();
      return leftovers(pool);
    },
    close: async () => {
      await engine.close();
      await pool.run(`DROP DATABASE \`${database}\` FORCE`);
      await pool.close();
    },
  };
}

/** Questions have tables by the time they are asked, as declared types have. */
function followed(engine: StarrocksEngine, follow: () => Promise<void>): SegmentationEngine {
  const after =
    <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await follow();
      return ask(...args);
    };
  return {
    name: engine.name,
    counts: after((nodes) => engine.counts(nodes)),
    materialise: after((node) => engine.materialise(node)),
    contains: after((node, guids) => engine.contains(node, guids)),
    distribution: after((node, requests, top) => engine.distribution(node, requests, top)),
  };
}

/** Rows of questions that are answered. */
async function leftovers(pool: StarrocksPool): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const table of ['sys_lists', 'sys_values']) {
    const rows = await pool.rows(
      `SELECT \`sys_list\` FROM \`${table}\` WHERE \`sys_list\` >= 'question' AND \`sys_list\` < 'questiono'`,
    );
    if (rows.length > 0) findings.push(`${rows.length} rows of questions are left in ${table}`);
  }
  return findings;
}
