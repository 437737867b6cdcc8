// Run by kill.spec.ts: node -r test/support/register-swc.cjs write-until-killed.ts <directory> <seed> <first operation>
// Writes operation after operation, several at once, with checkpoints in between, until it is killed. Each line on stdout is written before
// anything else happens: `s 7` before operation 7 is handed over, `a 7` once it is acknowledged.
import { writeSync } from 'node:fs';
import type { EmbeddedEngine } from '@tessera/embedded-engine';
import { RandomSource } from '../conformance/random/random-source';
import { openEngine } from './open-engine';
import { operationAt } from './workload';
import type { Operation } from './workload';

const IN_FLIGHT_MAX = 8;
/** Batches sent once more after a restart, as a source does that does not know how far it came. */
const REPEATED = 3;
const CHECKPOINT_EVERY = 40;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}

async function write(engine: EmbeddedEngine, operation: Operation): Promise<void> {
  if (operation.kind === 'batch') await engine.apply(operation.batch, operation.source);
  else if (operation.kind === 'erase') await engine.erase(operation.cuid, operation.arrivalMs);
  else await engine.lists.create(operation.name, oneByOne(operation.cuids));
}

async function repeatBatches(engine: EmbeddedEngine, seed: number, first: number): Promise<void> {
  for (let index = Math.max(0, first - REPEATED); index < first; index += 1) {
    const operation = operationAt(seed, index);
    if (operation.kind !== 'batch') continue;
    const { verdicts } = await engine.apply(operation.batch, operation.source);
    if (verdicts.some((verdict) => verdict !== 'duplicate')) throw new Error(`batch ${index} was applied twice`);
  }
}

async function main(path: string, seed: number, first: number): Promise<never> {
  const { engine } = await openEngine(path);
  const random = new RandomSource(seed + first);
  await repeatBatches(engine, seed, first);
  const inFlight = new Set<Promise<void>>();
  for (let index = first; ; index += 1) {
    const operation = operationAt(seed, index);
    // Whom an erasure or a list finds depends on what is applied before it.
    if (operation.kind !== 'batch') await Promise.all(inFlight);
    while (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight);
    say(`s ${index}`);
    const written = write(engine, operation).then(() => {
      say(`a ${index}`);
      inFlight.delete(written);
    });
    inFlight.add(written);
    if (operation.kind === 'list') await written;
    if (random.chance(1 / CHECKPOINT_EVERY)) engine.checkpoint().catch(fail);
    if (random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, random.between(0, 3)));
  }
}

function fail(error: unknown): void {
  writeSync(2, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(3);
}

const [, , path = '', seed, first] = process.argv;
process.on('unhandledRejection', fail);
main(path, Number(seed), Number(first)).catch(fail);
