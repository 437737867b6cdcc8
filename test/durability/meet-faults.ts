// Run by file-limit.spec.ts and read-only.spec.ts: node -r test/support/register-swc.cjs meet-faults.ts <fault> <directory> <seed>
// Writes, meets the fault, writes and reads on, is rid of it, and prints what it met as JSON.
import { chmodSync, chownSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import type { EmbeddedEngine } from '@tessera/embedded-engine';
import { openEngine } from './open-engine';
import { operationAt } from './workload';

/** Any user but root, for whom permissions mean nothing. */
const NOBODY = 65_534;
const BATCHES = 20;

interface Fault {
  begin(): void;
  end(): void;
}

/** Takes all file descriptors that are left. */
function useUpDescriptors(): Fault {
  const taken: number[] = [];
  return {
    begin: () => {
      try {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EMFILE')) throw error;
      }
    },
    end: () => taken.splice(0).forEach((descriptor) => closeSync(descriptor)),
  };
}

/** Makes the folders of a directory read-only. */
function forbidWriting(path: string): Fault {
  const folders = [path, join(path, 'log'), join(path, 'store')];
  return {
    begin: () => folders.forEach((folder) => chmodSync(folder, 0o500)),
    end: () => folders.forEach((folder) => chmodSync(folder, 0o700)),
  };
}

async function outcome(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'done',
    (error: unknown) =>
      error instanceof Error
        ? { name: error.name, message: error.message, retriable: 'retriable' in error ? error.retriable : null }
        : error,
  );
}

/** Applies the next batches of the workload. @returns how they came out; `applied` counts those that were done. */
async function writeSome(engine: EmbeddedEngine, seed: number, applied: number[]): Promise<unknown> {
  let last: unknown = 'done';
  for (let n = 0; n < BATCHES; n++) {
    const index = (applied.at(-1) ?? -1) + 1;
    const operation = [operationAt(seed, index)].find(({ kind }) => kind === 'batch');
    if (operation?.kind === 'batch') last = await outcome(engine.apply(operation.batch, operation.source));
    if (last !== 'done') return last;
    applied.push(index);
  }
  return last;
}

async function main(kind: string, path: string, seed: number): Promise<void> {
  mkdirSync(path, { recursive: true });
  if (kind === 'permissions' && process.getuid?.() === 0) {
    chownSync(dirname(path), NOBODY, NOBODY);
    chownSync(path, NOBODY, NOBODY);
    process.setuid?.(NOBODY);
  }
  const fault = kind === 'permissions' ? forbidWriting(path) : useUpDescriptors();
  const { engine, directory } = await openEngine(path);
  const applied: number[] = [];
  const before = await writeSome(engine, seed, applied);
  await engine.checkpoint();
  await writeSome(engine, seed, applied);
  fault.begin();
  const met = {
    before,
    // The log's file is open.
    write: await writeSome(engine, seed, applied),
    // Cutting the log takes a new file.
    checkpoint: await outcome(engine.checkpoint()),
    writeAfterwards: await writeSome(engine, seed, applied),
    users: engine.verify().users > 0,
    open: await outcome(DataDirectory.open(join(path, '..', 'another')).then((other) => other.close())),
  };
  fault.end();
  const after = {
    writeAtLast: await writeSome(engine, seed, applied),
    checkpointAtLast: await outcome(engine.checkpoint()),
    findings: engine.verify().findings,
    segments: directory.log.bytes,
  };
  await engine.abandon();
  await directory.close();
  process.stdout.write(JSON.stringify({ ...met, ...after, applied: applied.length }));
}

const [, , kind = '', path = '', seed] = process.argv;
main(kind, path, Number(seed)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 3;
});
