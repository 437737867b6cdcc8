import { type MessageBatch, StoreUnavailableError, type TagMessage } from '@tessera/tag-catalog';
import { EngineState } from './engine-state';
import { EngineWriter } from './engine-writer';
import { loopTurn, nextTurn } from './loop-turn';
import { loadCheckpoint } from './storage/checkpoint';
import { FailingChunks, FailingLog } from './testing/failing-stores';
import { TemporaryDirectory } from './testing/temporary-directory';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';
import { NumberIdentity } from './testing/number-identity';

const catalog = testCatalog();
const FULL = new StoreUnavailableError('disk full', true);

interface Setup {
  readonly state: EngineState;
  readonly writer: EngineWriter;
  readonly chunks: FailingChunks;
  readonly log: FailingLog;
  readonly errors: unknown[];
}

describe('EngineWriter', () => {
  let temporary: TemporaryDirectory;

  beforeEach(async () => {
    temporary = await TemporaryDirectory.make();
  });
  afterEach(async () => {
    await temporary.remove();
  });

  async function open(checkpointLogBytes = 0): Promise<Setup> {
    const directory = await temporary.open();
    const state = new EngineState(new NumberIdentity(), { idSeed: new Uint32Array(4), idEntriesMax: 1000 });
    const chunks = new FailingChunks(directory.chunks);
    const log = new FailingLog(directory.log);
    loadCheckpoint(state, chunks, catalog);
    const errors: unknown[] = [];
    const writer = new EngineWriter(state, {
      log,
      chunks,
      catalog: () => catalog,
      checkpointLogBytes: () => checkpointLogBytes,
      onBackgroundError: (error) => errors.push(error),
    });
    await writer.replay();
    return { state, writer, chunks, log, errors };
  }

  function batchOf(...messages: TagMessage[]): { kind: 'batch'; batch: MessageBatch; source: undefined } {
    return { kind: 'batch', batch: { arrivalMs: NOW, messages }, source: undefined };
  }

  function level(cuid: string, value: number): TagMessage {
    return messageOf(catalog, 'person', cuid, { level: value });
  }

  function levelOf(state: EngineState, cuid: string): unknown {
    const tag = catalog.tag('level');
    return tag && state.findTag(tag)?.valueAt(0, state.identity.lookup(cuid));
  }

  it('applies in the order of the calls, many in flight', async () => {
    const { state, writer } = await open();
    const order: number[] = [];
    const writes = Array.from({ length: 50 }, async (_, number) => {
      const { sequence } = await writer.write(batchOf(level('a', number)));
      order.push(number);
      return sequence;
    });
    expect(await Promise.all(writes)).toEqual(Array.from({ length: 50 }, (_, number) => number + 1));
    expect(order).toEqual(Array.from({ length: 50 }, (_, number) => number));
    expect(levelOf(state, 'a')).toBe(49);
  });

  /** Uses the event loop's turns up, as questions do that follow each other, until told to stop. */
  function hogTurns(): () => void {
    const over = new AbortController();
    void (async (): Promise<void> => {
      while (!over.signal.aborted) {
        while (!loopTurn.isOver);
        await nextTurn();
      }
    })();
    return () => {
      over.abort();
    };
  }

  it('lets writes in while others use every turn up, in the order of the calls', async () => {
    const { state, writer } = await open();
    const stop = hogTurns();
    try {
      const sequences: number[] = [];
      const send = async (value: number): Promise<void> => {
        sequences.push((await writer.write(batchOf(level('a', value)))).sequence);
      };
      // Those who write again as soon as they were answered must not overtake those who wait.
      await Promise.all([1, 2, 3].map(async (value) => send(value).then(() => send(value + 10))));
      expect(sequences).toEqual([1, 2, 3, 4, 5, 6]);
      expect(levelOf(state, 'a')).toBe(13);
    } finally {
      stop();
    }
  });

  it('tells all who wait when a record could not be applied', async () => {
    const { state, writer } = await open();
    const stop = hogTurns();
    try {
      jest.spyOn(state.ids, 'expire').mockImplementationOnce(() => {
        throw new Error('a defect');
      });
      const writes = Array.from({ length: 8 }, (_, value) => writer.write(batchOf(level('a', value))));
      const outcomes = await Promise.allSettled(writes);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(8);
      await writer.stop();
    } finally {
      stop();
    }
  });

  it('takes writes again after the log has refused some, and a restart sees those that were answered', async () => {
    const { writer, log } = await open();
    await writer.write(batchOf(level('a', 1)));
    log.failure = FULL;
    const refused = [2, 3].map((value) => writer.write(batchOf(level('a', value))));
    for (const one of refused) {
      await expect(one).rejects.toThrow('disk full');
    }
    log.failure = null;
    const { sequence } = await writer.write(batchOf(level('b', 4)));
    expect(sequence).toBe(2);
    await writer.stop();
    const { state } = await open();
    expect([levelOf(state, 'a'), levelOf(state, 'b'), state.appliedSequence]).toEqual([1, 4, 2]);
  });

  it('gives the sequences of records that could not be written to later ones', async () => {
    const { writer, log, state } = await open();
    await writer.write(batchOf(level('a', 1)));
    log.writeFailure = FULL;
    const lost = [2, 3, 4].map((value) =>
      writer.write({ ...batchOf(level('a', value)), source: { source: 's', position: value } }),
    );
    const outcomes = await Promise.allSettled(lost);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect([writer.isBusy, levelOf(state, 'a'), state.sources.size]).toEqual([false, 1, 0]);
    log.writeFailure = null;
    const again = await writer.write({ ...batchOf(level('a', 2)), source: { source: 's', position: 2 } });
    expect([again.sequence, again.applied.verdicts, levelOf(state, 'a')]).toEqual([2, ['accepted'], 2]);
    await writer.close();
    expect(levelOf((await open()).state, 'a')).toBe(2);
  });

  it('skips what a source sent before, also while the first is on its way and after a restart', async () => {
    const { writer, state } = await open();
    const send = async (position: number, value: number): Promise<unknown> => {
      const source = { source: 'topic-0', position };
      const { applied } = await writer.write({ ...batchOf(level('a', value)), source });
      return applied.verdicts;
    };
    expect(await Promise.all([send(5, 1), send(5, 2), send(6, 3), send(5, 4)])).toEqual([
      ['accepted'],
      ['duplicate'],
      ['accepted'],
      ['duplicate'],
    ]);
    expect(levelOf(state, 'a')).toBe(3);
    await writer.close();
    const again = await open();
    const { applied } = await again.writer.write({
      ...batchOf(level('a', 9)),
      source: { source: 'topic-0', position: 6 },
    });
    expect(applied.verdicts).toEqual(['duplicate']);
    expect(levelOf(again.state, 'a')).toBe(3);
  });

  it('stops for good when a durable record cannot be applied, and never checkpoints what it left', async () => {
    const { state, writer, chunks } = await open();
    await writer.write(batchOf(level('a', 1)));
    jest.spyOn(state.ids, 'expire').mockImplementationOnce(() => {
      throw new Error('a defect');
    });
    const second = writer.write(batchOf(level('a', 2)));
    const third = writer.write(batchOf(level('a', 3)));
    await expect(second).rejects.toThrow('Record 2 of the log could not be applied');
    await expect(third).rejects.toThrow('could not be applied');
    await expect(writer.write(batchOf(level('a', 4)))).rejects.toThrow('could not be applied');
    await expect(writer.checkpoint()).rejects.toThrow('could not be applied');
    await writer.close();
    expect(chunks.commits).toBe(0);
    const after = await open();
    expect(levelOf(after.state, 'a')).toBe(3);
  });

  it('keeps everything for the next attempt when a checkpoint fails, whatever was written meanwhile', async () => {
    const { state, writer, chunks } = await open();
    await writer.write(batchOf(level('a', 1), level('b', 1)));
    chunks.failure = FULL;
    let release = (): void => undefined;
    chunks.hold = new Promise((resolve) => {
      release = resolve;
    });
    const failing = writer.checkpoint();
    await writer.write(batchOf(level('b', 2)));
    release();
    await expect(failing).rejects.toThrow('disk full');
    expect(writer.checkpointSequence).toBe(0);
    chunks.failure = null;
    await writer.write({ kind: 'erase', cuid: 'a', arrivalMs: NOW, source: undefined });
    await writer.checkpoint();
    expect(writer.checkpointSequence).toBe(3);
    expect(state.tracker.dirtyCount).toBe(0);
    await writer.stop();
    const again = await open();
    expect(again.state.appliedSequence).toBe(3);
    expect([levelOf(again.state, 'a'), levelOf(again.state, 'b')]).toEqual([undefined, 2]);
  });

  it('makes one checkpoint at a time, in turn for everyone who asks', async () => {
    const { writer, chunks } = await open();
    await writer.write(batchOf(level('a', 1)));
    const asked = [writer.checkpoint(), writer.checkpoint(), writer.checkpoint()];
    await writer.write(batchOf(level('a', 2)));
    await Promise.all(asked);
    expect([chunks.commits, writer.checkpointSequence]).toEqual([2, 2]);
    await writer.stop();
  });

  it('reports a failed checkpoint in the background once and waits for more log before the next', async () => {
    const { writer, chunks, errors } = await open(20_000);
    chunks.failure = FULL;
    const write = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        await writer.write(batchOf(messageOf(catalog, 'person', 'a', { city: 'x'.repeat(1000), level: number })));
        // A checkpoint that is due has ended by then, also on a machine with much else to do.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await write(24);
    expect(errors).toEqual([FULL]);
    expect(chunks.commits).toBe(1);
    await write(4);
    expect(chunks.commits).toBe(2);
    chunks.failure = null;
    await write(6);
    expect([errors.length, writer.checkpointSequence > 0]).toEqual([2, true]);
    await writer.stop();
  });

  it('applies nothing while somebody holds the state still, and everything in order afterwards', async () => {
    const { state, writer } = await open();
    await writer.write(batchOf(level('a', 1)));
    const [first, second] = [writer.pauseApply(), writer.pauseApply()];
    const writes = [2, 3].map((value) => writer.write(batchOf(level('a', value))));
    const arrives = writer.waitFor(3, 60_000);
    const checkpoint = writer.checkpoint();
    await new Promise((resolve) => setTimeout(resolve, 20));
    first();
    first();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([levelOf(state, 'a'), writer.isBusy, writer.checkpointSequence]).toEqual([1, true, 0]);
    second();
    expect((await Promise.all(writes)).map(({ sequence }) => sequence)).toEqual([2, 3]);
    await checkpoint;
    expect([levelOf(state, 'a'), await arrives, writer.checkpointSequence > 0]).toEqual([3, true, true]);
    await writer.stop();
  });

  it('gives the next guid to who is written while erased, live and at replay', async () => {
    const { state, writer } = await open();
    await writer.write(batchOf(level('a', 1), level('b', 1)));
    const release = writer.pauseApply();
    const writes = [
      writer.write(batchOf(level('a', 2))),
      writer.write({ kind: 'erase', cuid: 'a', arrivalMs: NOW, source: undefined }),
      writer.write(batchOf(level('a', 3), level('b', 3), level('c', 3))),
    ];
    // Durable, and not applied: the erasure is still to come.
    await new Promise((resolve) => setTimeout(resolve, 20));
    writes.push(writer.write(batchOf(level('a', 4))));
    release();
    await Promise.all(writes);
    const shown = (of: EngineState): unknown =>
      ['a', 'b', 'c'].map((cuid) => [of.identity.lookup(cuid), levelOf(of, cuid)]);
    expect(shown(state)).toEqual([
      [3, 4],
      [2, 3],
      [4, 3],
    ]);
    await writer.stop();
    expect(shown((await open()).state)).toEqual(shown(state));
  });

  it('lets writers wait for room and appends in the order of the calls', async () => {
    const { state, writer } = await open();
    const city = (text: string): TagMessage => messageOf(catalog, 'person', 'a', { city: text });
    const large = 'x'.repeat(4000);
    const release = writer.pauseApply();
    // 80 MB in records of 4 MB: more than may be under way.
    const writes = Array.from({ length: 20 }, (_, number) =>
      writer.write(batchOf(...Array.from({ length: 1000 }, () => city(`${number} ${large}`)), level('a', number))),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(state.appliedSequence).toBe(0);
    release();
    expect((await Promise.all(writes)).map(({ sequence }) => sequence)).toEqual(writes.map((_, number) => number + 1));
    expect(levelOf(state, 'a')).toBe(19);
    await writer.stop();
  });

  it('closes once: writes under way are answered, later ones refused, waiting readers let go', async () => {
    const { writer, chunks, state } = await open();
    const waiting = writer.waitFor(99, 60_000);
    const soon = writer.waitFor(2, 60_000);
    const writes = [writer.write(batchOf(level('a', 1))), writer.write(batchOf(level('a', 2)))];
    let release = (): void => undefined;
    chunks.hold = new Promise((resolve) => {
      release = resolve;
    });
    let closed = 0;
    const closing = [writer.close(), writer.close()].map(async (one) => {
      await one;
      closed++;
    });
    await expect(writer.write(batchOf(level('a', 3)))).rejects.toThrow('closing');
    expect((await Promise.all(writes)).map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect([await soon, await waiting]).toEqual([true, false]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closed).toBe(0);
    release();
    await Promise.all(closing);
    expect([chunks.commits, writer.checkpointSequence, state.tracker.dirtyCount]).toEqual([1, 2, 0]);
  });

  it('tells which record of the log it cannot read', async () => {
    const directory = await temporary.open();
    await directory.log.append(Buffer.from([77, 1, 2])).durable;
    await expect(open()).rejects.toThrow('Record 1 of the log');
  });
});
