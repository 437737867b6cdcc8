import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { StatementCheck } from '../starrocks-grammar/statement-check';
import { StarrocksStandIn } from './standin';
import type { StandInOptions } from './standin';

const START_MS_MAX = 120_000;

/** Where a suite finds StarRocks, or its stand-in. */
export interface StarrocksAtHand {
  /** With a database of the suite's own. */
  readonly mysqlUrl: string;
  /** Of Stream Load. */
  readonly httpUrls: readonly string[];
  readonly database: string;
  /** Null: a real cluster, so no faults can be made. */
  readonly standIn: StarrocksStandIn | null;
  /** Of all statements that the stand-in gets. */
  readonly check: StatementCheck | null;
}

/**
 * Tests on StarRocks: on the cluster of `STARROCKS_URL=mysql://user:password@host:9030` (Stream Load at `STARROCKS_HTTP_URLS`, or port 8030 of the
 * same host), otherwise on a stand-in in this process. Each suite has a database of its own, which is dropped behind it.
 */
export function describeWithStarrocks(title: string, suite: (starrocks: () => StarrocksAtHand) => void): void {
  describe(title, () => {
    let found: StarrocksAtHand | null = null;

    beforeAll(async () => {
      found = await starrocksAtHand();
    }, START_MS_MAX);

    suite(() => {
      if (found === null) throw new Error('StarRocks is there from the first test on.');
      return found;
    });

    // Behind those of the suite.
    afterAll(async () => {
      if (found !== null) await release(found);
    }, START_MS_MAX);
  });
}

/** With an empty database; give it back to `release`. */
export async function starrocksAtHand(): Promise<StarrocksAtHand> {
  const url = process.env['STARROCKS_URL'] ?? '';
  const check = url === '' ? await StatementCheck.create() : null;
  const standIn = url === '' ? await StarrocksStandIn.start(checkedBy(check)) : null;
  const server = new URL(standIn === null ? url : standIn.mysqlUrl);
  const database = `tessera_test_${randomBytes(6).toString('hex')}`;
  await run(server, `CREATE DATABASE \`${database}\``);
  server.pathname = `/${database}`;
  const httpUrls = (process.env['STARROCKS_HTTP_URLS'] ?? `http://${server.hostname}:8030`).split(',');
  return { mysqlUrl: server.href, httpUrls: standIn === null ? httpUrls : [standIn.httpUrl], database, standIn, check };
}

function checkedBy(check: StatementCheck | null): StandInOptions {
  return check === null ? {} : { checkStatement: (sql) => check.check(sql) };
}

/** @throws Error if the stand-in got statements that StarRocks would refuse. */
export async function release({ mysqlUrl, database, standIn, check }: StarrocksAtHand): Promise<void> {
  if (standIn !== null) {
    const tooComplex = standIn.takeTooComplex();
    await standIn.close();
    await check?.close();
    if (tooComplex.length === 0) return;
    throw new Error(
      `${tooComplex.length} statements were too complex, such as ${tooComplex[0]?.slice(0, 1_000) ?? ''}`,
    );
  }
  const server = new URL(mysqlUrl);
  server.pathname = '';
  await run(server, `DROP DATABASE \`${database}\` FORCE`);
}

async function run(server: URL, sql: string): Promise<void> {
  const connection = await createConnection({ uri: server.href });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
