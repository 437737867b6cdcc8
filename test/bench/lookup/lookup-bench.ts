import path from 'node:path';
import { isMember } from '@tessera/audience';
import type { UserView } from '@tessera/audience';
import { Random } from '../../../apps/standalone/src/sample/random';
import { createBenchUsers } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { Samples } from '../measure/samples';
import { nextTurn } from '../measure/pauses';
import { importUsers } from '../store/import-users';
import { cuidOfUser } from '../users/user-population';
import { drawRule } from '../store/bench-rules';
import { BenchStore } from '../store/bench-store';
import { measureHttpLookups } from './http-lookup';

export const lookupBench: Bench = {
  name: 'lookup',
  title: 'Single users, batches of 100, and one user against 100 rules',
  peers: ['an empty Nest endpoint'],
  users: { full: 10_000_000, short: 50_000 },
  run: runLookupBench,
};

/** Timed calls of each kind in process; length of each of the rounds over HTTP. */
const FULL = { calls: 100_000, roundMs: 3_000 };
const SHORT = { calls: 2_000, roundMs: 150 };

const BATCH = 100;
const RULES = 100;
const TARGET_MS = 1;
/** Calls between two turns of the event loop. */
const CALLS_A_TURN = 100;
const WARM_UP_PARTS = 10;

async function runLookupBench({ users: size, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const { calls, roundMs } = isShort ? SHORT : FULL;
  const users = createBenchUsers(size, seed);
  const directory = path.join(folder, 'data');
  const store = await BenchStore.open(directory);
  await importUsers(store, users, Date.now());
  await measureSingle(store, users, { calls, seed }, report);
  await measureBatches(store, users, { calls: Math.ceil(calls / BATCH), seed }, report);
  await measureRules(store, users, { calls: Math.ceil(calls / 10), seed }, report);
  await store.close();
  await measureHttpLookups(directory, users, { roundMs, seed }, report);
}

interface Calls {
  readonly calls: number;
  readonly seed: number;
}

async function measureSingle(store: BenchStore, users: BenchUsers, calls: Calls, report: Report): Promise<void> {
  const random = new Random(calls.seed, 5);
  let wrong = 0;
  const samples = await timeCalls(calls.calls, () => {
    const index = random.between(0, users.users - 1);
    if (!holdsColumns(store.engine.user(cuidOfUser(index)), users, index)) wrong += 1;
  });
  publish('one user, all its tags', samples, wrong, report);
}

async function measureBatches(store: BenchStore, users: BenchUsers, calls: Calls, report: Report): Promise<void> {
  const random = new Random(calls.seed, 6);
  let wrong = 0;
  const samples = await timeCalls(calls.calls, () => {
    for (let user = 0; user < BATCH; user += 1) {
      const index = random.between(0, users.users - 1);
      if (!holdsColumns(store.engine.user(cuidOfUser(index)), users, index)) wrong += 1;
    }
  });
  publish(`batch of ${BATCH} users, all their tags`, samples, wrong, report);
}

async function measureRules(store: BenchStore, users: BenchUsers, calls: Calls, report: Report): Promise<void> {
  const random = new Random(calls.seed, 7);
  const rules = Array.from({ length: RULES }, () => drawRule(random, true));
  const plans = await Promise.all(rules.map(async (rule) => await store.plan(rule.expression)));
  let wrong = 0;
  const samples = new Samples();
  for (let call = -calls.calls / WARM_UP_PARTS; call < calls.calls; call += 1) {
    const index = random.between(0, users.users - 1);
    const startedMs = performance.now();
    const view = store.engine.user(cuidOfUser(index));
    if (view === undefined) throw new Error(`${cuidOfUser(index)} is not known`);
    const members = plans.map((plan) => isMember(plan, view));
    const elapsedMs = performance.now() - startedMs;
    if (call >= 0) samples.add(elapsedMs);
    if (rules.some((rule, at) => rule.matches(users, index) !== members[at])) wrong += 1;
    if (call % CALLS_A_TURN === 0) await nextTurn();
  }
  publish(`one user against ${RULES} rules of 5 terms`, samples, wrong, report);
}

async function timeCalls(calls: number, call: () => void): Promise<Samples> {
  const samples = new Samples();
  for (let warmUp = 0; warmUp < calls / WARM_UP_PARTS; warmUp += 1) call();
  for (let number = 0; number < calls; number += 1) {
    const startedMs = performance.now();
    call();
    samples.add(performance.now() - startedMs);
    if (number % CALLS_A_TURN === 0) await nextTurn();
  }
  return samples;
}

function publish(name: string, samples: Samples, wrong: number, report: Report): void {
  report.timing(`in process, ${name}`, SUBJECT, samples.values);
  const value = samples.spread().p99;
  report.figure({ name: `in process, ${name}, p99`, value, unit: 'ms', target: { atMost: TARGET_MS } });
  report.check(`in process, ${name}, wrong answers`, wrong, 0);
}

/** Whether what the store shows of the user is what the columns hold. */
export function holdsColumns(view: UserView | undefined, users: BenchUsers, index: number): boolean {
  const states = view?.tagStates() ?? [];
  let right = 0;
  for (const { tag, value } of states) {
    if (tag.name === 'gender' && value === users.gender[index]) right += 1;
    else if (tag.name === 'level' && value === users.level[index]) right += 1;
    else if (tag.name === 'age' && value === users.age[index]) right += 1;
    else if (tag.name === 'spend' && value === users.spendCents[index]) right += 1;
    else if (tag.name === 'city') right += 1;
  }
  return right === 5;
}
