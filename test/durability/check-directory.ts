import { deepStrictEqual } from 'node:assert';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataDirectoryFormatError } from '@tessera/data-directory';
import type { Guid } from '@tessera/tag-catalog';
import { RandomSource } from '../conformance/random/random-source';
import { digestUser } from './expected-state';
import type { ExpectedState } from './expected-state';
import { openEngine } from './open-engine';
import type { OpenedEngine } from './open-engine';
import { countRules, drawRules } from './questions';
import { catalogBefore, CUIDS, operationAt, SOURCES } from './workload';

export interface CheckOptions {
  /** Operations applied: at least all that were acknowledged, at most all that were handed over. */
  readonly least: number;
  readonly most: number;
  /** Of the workload. */
  readonly seed: number;
  /** `readOnly`: nothing is repaired; `abandon`: repaired, no checkpoint; `close`: with one. */
  readonly mode: 'readOnly' | 'abandon' | 'close';
}

/** Batches of each source sent once more. */
const REPEATED_PER_SOURCE = 2;
const LISTS_ASKED = 2;

/**
 * Opens what a crash left and compares it with the oracle, which is brought to the same operation.
 * @returns what the recovery warned of.
 * @throws Error saying what is wrong.
 */
export async function checkDirectory(
  path: string,
  expected: ExpectedState,
  options: CheckOptions,
): Promise<readonly string[]> {
  const opened = await open(path, options);
  if (opened === null) return [];
  try {
    await compare(opened, expected, options);
    if (options.mode !== 'readOnly') await repeat(opened, expected, options);
    return opened.directory.warnings;
  } finally {
    await (options.mode === 'close' ? opened.engine.close() : opened.engine.abandon());
    await opened.directory.close();
  }
}

/** Null if there is nothing yet: the creation of the directory was interrupted, and nothing was acknowledged. */
async function open(path: string, { least, mode }: CheckOptions): Promise<OpenedEngine | null> {
  if (!existsSync(path) && least === 0) return null;
  try {
    return await openEngine(path, mode === 'readOnly' ? { readOnly: true } : { firstCatalog: catalogBefore(0) });
  } catch (error) {
    const isUnfinished = !existsSync(join(path, 'format.json')) || error instanceof DataDirectoryFormatError;
    if (mode === 'readOnly' && least === 0 && isUnfinished) return null;
    throw error;
  }
}

async function compare(opened: OpenedEngine, expected: ExpectedState, options: CheckOptions): Promise<void> {
  const { engine, catalogStore } = opened;
  const { least, most, seed } = options;
  deepStrictEqual(engine.verify().findings, [], 'verify found something');
  const catalog = catalogStore.current();
  // The catalogue is made after the directory.
  if (catalog.types.length === 0 && least === 0 && engine.dataVersion === 0) return;
  const listIds = new Map((await engine.lists.lists()).map(({ id, name }) => [name, id]));
  const found = { listIds, catalogVersion: catalog.version };
  const difference = await expected.advanceTo(engine, { least, most }, (index) => operationAt(seed, index), found);
  if (difference !== null) {
    const [cuid = 'nobody'] = difference.differing;
    const ids = expected.lists.map((name) => listIds.get(name) ?? '');
    throw new Error(
      `the state is that of no prefix of ${least} to ${most} operations. After ${difference.applied} of them ` +
        `${difference.differing.length} users differ, ${cuid} for one, with catalogue ${catalog.version} and ${listIds.size} lists:\n` +
        `${digestUser(engine, cuid, ids)}\nand, after ${expected.applied} operations with ${expected.lists.length} lists, expected:\n` +
        expected.digest(cuid),
    );
  }
  checkBijection(opened);
  await checkCounts(opened, expected, listIds, seed);
}

/** One cuid a guid, one guid a cuid, and nobody but known users. */
function checkBijection({ engine }: OpenedEngine): void {
  const bound = new Map<string, number>();
  for (let guid = 1; guid <= engine.status().highestGuid; guid += 1) {
    const cuid = engine.cuidOf(guid as Guid);
    if (cuid === undefined) continue;
    const other = bound.get(cuid);
    if (other !== undefined || engine.guidOf(cuid) !== guid) {
      throw new Error(`guid ${guid} has the cuid ${cuid}, which leads to ${engine.guidOf(cuid)} and to ${other}`);
    }
    bound.set(cuid, guid);
  }
  const known = CUIDS.filter((cuid) => engine.user(cuid) !== undefined);
  deepStrictEqual([...bound.keys()].sort(), [...known].sort(), 'cuids bound and users known');
}

async function checkCounts(
  { engine, catalogStore }: OpenedEngine,
  expected: ExpectedState,
  listIds: ReadonlyMap<string, string>,
  seed: number,
): Promise<void> {
  const names = expected.lists.slice(-LISTS_ASKED);
  const ids = names.map((name) => listIds.get(name) ?? '');
  const drawn = seed + expected.applied;
  const catalog = catalogStore.current();
  const rules = drawRules(new RandomSource(drawn), ids);
  const counts = await countRules(engine, catalog, rules);
  const right = await countRules(expected.engine, catalog, drawRules(new RandomSource(drawn), names));
  const wrong = rules.flatMap((rule, index) =>
    counts[index] === right[index] ? [] : [`${JSON.stringify(rule)}: ${counts[index]} instead of ${right[index]}`],
  );
  deepStrictEqual(wrong, [], 'counts');
}

/** A source that sends again what it sent last is told that all of it is there; nothing changes. */
async function repeat({ engine }: OpenedEngine, expected: ExpectedState, { seed }: CheckOptions): Promise<void> {
  for (
    let index = Math.max(0, expected.applied - REPEATED_PER_SOURCE * SOURCES);
    index < expected.applied;
    index += 1
  ) {
    const operation = operationAt(seed, index);
    if (operation.kind !== 'batch') continue;
    const before = operation.batch.messages.map(({ cuid }) => digestUser(engine, cuid, []));
    const { verdicts } = await engine.apply(operation.batch, operation.source);
    deepStrictEqual(new Set(verdicts), new Set(['duplicate']), `verdicts of operation ${index}, sent once more`);
    const after = operation.batch.messages.map(({ cuid }) => digestUser(engine, cuid, []));
    deepStrictEqual(after, before, `users of operation ${index}, sent once more`);
  }
}
