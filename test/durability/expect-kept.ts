import { openEngine } from './open-engine';
import { operationAt } from './workload';

/**
 * Opens what a process that met faults left, and sends everything again that it had acknowledged: all of it is there, so that each message
 * is a duplicate.
 * @param applied operations of the workload that were acknowledged.
 */
export async function expectKept(path: string, seed: number, applied: number): Promise<void> {
  const { engine, directory } = await openEngine(path);
  expect(engine.verify().findings).toEqual([]);
  for (let index = 0; index < applied; index++) {
    const operation = operationAt(seed, index);
    if (operation.kind !== 'batch') continue;
    const { verdicts } = await engine.apply(operation.batch, operation.source);
    expect({ index, other: verdicts.filter((verdict) => verdict !== 'duplicate') }).toEqual({ index, other: [] });
  }
  await engine.abandon();
  await directory.close();
}
