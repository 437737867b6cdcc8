// Run by crash-run.ts: node -r test/support/register-swc.cjs write-until-killed.ts <job as JSON>
// Writes operation after operation, several at once, with counts and checkpoints beside, until it is killed or kills itself. Each line on
// stdout is written before anything else happens: `o` the engine is open, `s 7` before operation 7 is handed over, `a 7` once it is
// acknowledged, `p 4 …` a fault point is passed for the fourth time, `k …` the process kills itself there, `d` all operations are done.
import { writeSync } from 'node:fs';
import { FaultPoints } from './fault-points';
import type { Fault } from './fault-points';
import { openEngine } from './open-engine';
import type { OpenedEngine } from './open-engine';
import { countRules, drawRules } from './questions';
import { RandomSource } from '../conformance/random/random-source';
import { catalogBefore, operationAt } from './workload';
import type { Operation } from './workload';

/** What the parent wants of a writer. */
export interface WriterJob {
  readonly path: string;
  readonly seed: number;
  /** First operation that is not applied yet. */
  readonly first: number;
  /** Operations to do. */
  readonly operations: number;
  readonly fault: Fault | null;
}

const IN_FLIGHT_MAX = 8;
/** Batches sent once more after a restart, as a source does that does not know how far it came. */
const REPEATED = 6;
const CHECKPOINT_EVERY = 12;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}

async function write({ engine, catalogStore }: OpenedEngine, operation: Operation, index: number): Promise<void> {
  if (operation.kind === 'batch') await engine.apply(operation.batch, operation.source);
  else if (operation.kind === 'erase') await engine.erase(operation.cuid, operation.arrivalMs);
  else if (operation.kind === 'list') await engine.lists.create(operation.name, oneByOne(operation.cuids));
  else await catalogStore.update(() => catalogBefore(index + 1));
}

async function repeatBatches({ engine }: OpenedEngine, { seed, first }: WriterJob): Promise<void> {
  for (let index = Math.max(0, first - REPEATED); index < first; index += 1) {
    const operation = operationAt(seed, index);
    if (operation.kind !== 'batch') continue;
    const { verdicts } = await engine.apply(operation.batch, operation.source);
    if (verdicts.some((verdict) => verdict !== 'duplicate')) throw new Error(`batch ${index} was applied twice`);
  }
}

/** Counts as fast as it can; a count of one state can't change when it is asked together with itself. */
async function countForever({ engine, catalogStore }: OpenedEngine, random: RandomSource): Promise<never> {
  for (;;) {
    const rules = drawRules(random, []);
    const counts = await countRules(engine, catalogStore.current(), [...rules, ...rules]);
    const [first, again] = [counts.slice(0, rules.length), counts.slice(rules.length)];
    if (first.join() !== again.join()) throw new Error(`two counts of one state: ${first.join()}, ${again.join()}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

async function main(job: WriterJob): Promise<void> {
  const { path, seed, first } = job;
  const report = (what: 'seen' | 'dies', point: string, calls: number): void =>
    say(what === 'seen' ? `p ${calls} ${point}` : `k ${point}`);
  await new FaultPoints(path, job.fault, report).install();
  const opened = await openEngine(path, { firstCatalog: catalogBefore(0) });
  say('o');
  const { engine } = opened;
  const random = new RandomSource(seed + first);
  await repeatBatches(opened, job);
  countForever(opened, new RandomSource(seed + first + 1)).catch(fail);
  const inFlight = new Set<Promise<void>>();
  for (let index = first; index < first + job.operations; index += 1) {
    const operation = operationAt(seed, index);
    // Whom a list finds depends on what is applied before it, and what a message may say on the catalogue.
    const standsAlone = operation.kind === 'list' || operation.kind === 'patch';
    if (standsAlone) await Promise.all(inFlight);
    while (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight);
    say(`s ${index}`);
    const written = write(opened, operation, index).then(() => {
      say(`a ${index}`);
      inFlight.delete(written);
    });
    inFlight.add(written);
    if (standsAlone) await written;
    if (random.chance(1 / CHECKPOINT_EVERY)) engine.checkpoint().catch(fail);
    if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.between(0, 2)));
  }
  await Promise.all(inFlight);
  say('d');
}

function fail(error: unknown): void {
  writeSync(2, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(3);
}

process.on('unhandledRejection', fail);
main(JSON.parse(process.argv[2] ?? '') as WriterJob).catch(fail);
