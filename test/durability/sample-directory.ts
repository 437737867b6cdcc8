import type { MessageBatch } from '@tessera/tag-catalog';
import { openEngine } from './open-engine';
import type { OpenedEngine } from './open-engine';
import { catalogBefore, operationAt } from './workload';

export const SAMPLE_SEED = 77;
/** A checkpoint holds the operations before this one. */
const CHECKPOINT_AT = 130;
/** A log segment ends here. */
const SEGMENT_END = 160;
export const SAMPLE_OPERATIONS = 190;

/**
 * Makes a directory as a crash leaves it: a checkpoint, behind it two segments of the log, each record a write of its own.
 * @param operations of the workload: {@link SAMPLE_OPERATIONS}, or fewer for an earlier state.
 */
export async function makeSample(path: string, operations: number): Promise<void> {
  const opened = await openEngine(path, { firstCatalog: catalogBefore(0) });
  const { engine, directory } = opened;
  for (let index = 0; index < operations; index += 1) {
    if (index === CHECKPOINT_AT) await engine.checkpoint();
    // The segment is closed, and nothing of it cut off: its records stand behind the checkpoint.
    if (index === SEGMENT_END) await directory.log.cutBefore(engine.status().checkpointSequence + 2);
    await perform(opened, index);
  }
  await engine.abandon();
  await directory.close();
}

async function perform({ engine, catalogStore }: OpenedEngine, index: number): Promise<void> {
  const operation = operationAt(SAMPLE_SEED, index);
  if (operation.kind === 'batch') await engine.apply(operation.batch, operation.source);
  else if (operation.kind === 'erase') await engine.erase(operation.cuid, operation.arrivalMs);
  else if (operation.kind === 'list') await engine.lists.create(operation.name, oneByOne(operation.cuids));
  else await catalogStore.update(() => catalogBefore(index + 1));
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}

/** Messages of the sample that its memory of ids must know: sent again, they are duplicates. */
export function repeatedMessages(): MessageBatch {
  const repeated = [];
  for (let index = 0; index < CHECKPOINT_AT; index += 5) {
    const operation = operationAt(SAMPLE_SEED, index);
    if (operation.kind === 'batch') repeated.push(...operation.batch.messages.filter(({ id }) => id !== null));
  }
  const last = operationAt(SAMPLE_SEED, SAMPLE_OPERATIONS);
  return { arrivalMs: last.kind === 'batch' ? last.batch.arrivalMs : 0, messages: repeated };
}
