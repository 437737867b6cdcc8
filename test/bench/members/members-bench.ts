import path from 'node:path';
import type { PlanNode, UserSet } from '@tessera/audience';
import type { Guid, JsonValue } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { median, stopwatch } from '../framework/statistics';
import { timedLoad } from '../framework/timed-load';
import { BenchServer } from '../http/bench-server';
import { KeepAliveConnection, readJson } from '../http/keep-alive-connection';
import { BenchStore } from '../store/bench-store';
import { loadUsers } from '../users/load-users';
import { AGE_LOW, cuidOfUser, UserPopulation } from '../users/user-population';
import type { UserBlock } from '../users/user-population';

const PAGE = 1_000;
const STREAM_PAGE = 10_000;
/** Rules asked for pages. */
const RULES = 21;
/** Of each rule. */
const PAGES_FULL = 50;
const PAGES_SHORT = 3;
const PAGE_TARGET = 2;
const STREAM_TARGET = 3_000_000;
/** At AGE_LOW a fifth of all users, above somewhat fewer: each age is another rule. */
function ruleOf(ageLow: number): JsonValue {
  return {
    and: [
      { tag: 'gender', op: 'eq', value: 1 },
      { tag: 'level', op: 'gte', value: 7 },
      { tag: 'age', op: 'gte', value: ageLow },
    ],
  };
}

const EVERY_AGE = ruleOf(AGE_LOW);

export const membersBench: Bench = {
  name: 'members',
  title: 'Pages of 1,000 members at random cursors, and all members (a fifth of the users) as cuids',
  peers: ['a count of the same rule'],
  users: { full: 50_000_000, short: 200_000 },
  run: runMembersBench,
};

/** What the bench knows of the members without asking: how many, and a sum over their numbers. */
interface Expected {
  readonly members: number;
  readonly userSum: number;
}

async function runMembersBench(context: BenchContext): Promise<void> {
  const { users, seed, folder, report } = context;
  const population = new UserPopulation(users, seed);
  const expected = expect(population);
  const directory = path.join(folder, 'data');
  const store = await BenchStore.open(directory);
  await timedLoad(report, SUBJECT, users, () => loadUsers(store, population));
  await comparePages(context, store);
  await streamAll(context, store, await store.plan(EVERY_AGE), expected);
  await store.close();
  await streamOverHttp(context, directory, expected);
}

function isMember({ gender, level }: UserBlock, row: number): boolean {
  return gender[row] === 1 && (level[row] ?? 0) >= 7;
}

function expect(population: UserPopulation): Expected {
  let members = 0;
  let userSum = 0;
  for (const block of population.blocks()) {
    for (let row = 0; row < block.length; row += 1) {
      if (!isMember(block, row)) continue;
      members += 1;
      userSum += block.start + row;
    }
  }
  return { members, userSum };
}

async function comparePages({ seed, users, isShort, report }: BenchContext, store: BenchStore): Promise<void> {
  const countMs: number[] = [];
  const firstMs: number[] = [];
  const pageMs: number[] = [];
  const random = new Random(seed, 0x9a6e);
  for (let round = 0; round < RULES; round += 1) {
    const root = await store.plan(ruleOf(AGE_LOW + round));
    const count = await stopwatch(() => store.countOf(root));
    countMs.push(count.elapsedMs);
    const first = await stopwatch(async () => {
      const { set } = await store.engine.materialise(root);
      return { set, page: takePage(store, set, 0, PAGE) };
    });
    const { set, page } = first.value;
    firstMs.push(first.elapsedMs);
    report.check(`age ≥ ${AGE_LOW + round}: members of the set against the count`, set.size, count.value);
    report.check('members on the first page', page.cuids.length, Math.min(PAGE, count.value));
    for (let pages = isShort ? PAGES_SHORT : PAGES_FULL; pages > 0; pages -= 1) {
      const after = random.between(0, users - 1);
      const { value, elapsedMs } = await stopwatch(() => takePage(store, set, after, PAGE));
      pageMs.push(elapsedMs);
      // User n has guid n + 1, so the first member after guid x is user x or a later one.
      report.check('the page begins after its cursor', Number((value.guids[0] ?? after + 1) > after), 1);
      const last = value.guids.at(-1);
      if (last !== undefined) report.check('number of the last cuid', numberOf(value.cuids.at(-1)), last - 1);
    }
  }
  report.timing('members', 'count, first seen', countMs);
  report.timing('members', `page of ${PAGE} at a random cursor`, pageMs);
  report.timing('members', `first page of ${PAGE}, with the materialising`, firstMs);
  const target = { atMost: PAGE_TARGET };
  report.figure({
    name: 'page at a random cursor / count',
    value: median(pageMs) / median(countMs),
    unit: '×',
    target,
  });
  report.figure({ name: 'first page / count', value: median(firstMs) / median(countMs), unit: '×', target });
}

interface Page {
  readonly guids: Uint32Array;
  readonly cuids: readonly string[];
}

/** As the members resource makes one. */
function takePage(store: BenchStore, set: UserSet, after: number, limit: number): Page {
  const guids = set.page(after, limit);
  const cuids = Array.from(guids, (guid) => store.engine.cuidOf(guid as Guid) ?? '');
  return { guids, cuids };
}

async function streamAll(
  { report }: BenchContext,
  store: BenchStore,
  root: PlanNode,
  expected: Expected,
): Promise<void> {
  const { value, elapsedMs } = await stopwatch(async () => {
    const { set } = await store.engine.materialise(root);
    let members = 0;
    let userSum = 0;
    for (let after = 0; ;) {
      const { guids, cuids } = takePage(store, set, after, STREAM_PAGE);
      members += cuids.length;
      userSum += sumOfNumbers(cuids);
      if (guids.length < STREAM_PAGE) return { members, userSum };
      after = guids.at(-1) ?? 0;
    }
  });
  report.check('members streamed', value.members, expected.members);
  report.check('sum of their numbers', value.userSum, expected.userSum);
  report.figure({
    ...{ name: 'all members as cuids, materialised, paged and read', unit: 'cuids/s' },
    ...{ value: value.members / (elapsedMs / 1_000), target: { atLeast: STREAM_TARGET } },
  });
}

async function streamOverHttp({ report }: BenchContext, directory: string, expected: Expected): Promise<void> {
  const server = await BenchServer.start(directory);
  const connection = await KeepAliveConnection.open(server.url);
  try {
    const pageMs: number[] = [];
    let members = 0;
    let userSum = 0;
    let cursor: unknown;
    do {
      const request = JSON.stringify({
        expression: EVERY_AGE,
        limit: STREAM_PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const { value, elapsedMs } = await stopwatch(async () =>
        readJson(await connection.request('POST', '/v1/segmentation/members', request)),
      );
      pageMs.push(elapsedMs);
      const cuids = value['members'];
      if (!Array.isArray(cuids)) throw new Error('The answer has no members');
      members += cuids.length;
      userSum += sumOfNumbers(cuids);
      cursor = value['nextCursor'];
    } while (cursor !== undefined);
    report.check('members over HTTP', members, expected.members);
    report.check('sum of their numbers over HTTP', userSum, expected.userSum);
    report.timing('members over HTTP', `page of ${STREAM_PAGE}`, pageMs);
    const elapsedMs = pageMs.reduce((sum, ms) => sum + ms, 0);
    report.figure({
      name: 'all members over HTTP, page by page',
      value: members / (elapsedMs / 1_000),
      unit: 'cuids/s',
    });
  } finally {
    connection.close();
    await server.stop();
  }
}

const DIGITS_AT = cuidOfUser(0).indexOf('0');

/** Of the user with this cuid. */
function numberOf(cuid: unknown): number {
  return typeof cuid === 'string' ? Number(cuid.slice(DIGITS_AT)) : Number.NaN;
}

/** Stays exact: 258 million numbers below 258 million add up to less than 2^56, a fifth of them to less than 2^53. */
function sumOfNumbers(cuids: readonly unknown[]): number {
  let sum = 0;
  for (const cuid of cuids) sum += numberOf(cuid);
  return sum;
}
