import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BatchOutcome, MessageBatch, TagMessage, TagStore, Verdict } from '@tessera/tag-catalog';
import { Catalog, declareTagType, parseMessage } from '@tessera/tag-catalog';
import { MessagePipeline } from './message-pipeline';
import { Rejections } from './rejections';

/** A store whose answers are given by the test, one call at a time. */
class HeldStore implements Pick<TagStore, 'apply'> {
  readonly calls: {
    readonly batch: MessageBatch;
    readonly resolve: (outcome: BatchOutcome) => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  apply(batch: MessageBatch): Promise<BatchOutcome> {
    return new Promise((resolve, reject) => this.calls.push({ batch, resolve, reject }));
  }

  answer(call: number, verdict: Verdict, position: number): void {
    const held = this.calls[call];
    held?.resolve({ verdicts: held.batch.messages.map(() => verdict), position });
  }
}

const declared = declareTagType(Catalog.empty, { name: 'visit', kind: 'event', properties: [] });
const catalog = declared.ok ? declared.value : Catalog.empty;

function message(cuid: string): TagMessage {
  const parsed = parseMessage(catalog, { header: { type: 'visit', cuid }, body: {} }, 0);
  if (parsed.kind !== 'message') throw new Error('not a message');
  return parsed.message;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function pipeline(): {
  readonly store: HeldStore;
  readonly rejections: Rejections;
  readonly messages: MessagePipeline;
} {
  const store = new HeldStore();
  const rejections = new Rejections(tmpdir());
  const writer = {
    write: async ({ arrivalMs, messages }: MessageBatch) => (await store.apply({ arrivalMs, messages })).verdicts,
    offset: () => '',
  };
  return { store, rejections, messages: new MessagePipeline(writer, rejections, () => 5) };
}

async function textOf(rejections: Rejections): Promise<unknown> {
  let text = '';
  for await (const piece of rejections.text()) text += piece;
  return JSON.parse(text);
}

describe('MessagePipeline', () => {
  it('has at most two batches on their way and makes the third wait', async () => {
    const { store, messages } = pipeline();
    for (const cuid of ['a', 'b']) {
      messages.add(message(cuid), {}, 0, 10);
      await messages.flush();
    }
    messages.add(message('c'), {}, 2, 10);
    let isThrough = false;
    const third = messages.flush().then(() => (isThrough = true));
    await nextTurn();
    expect([store.calls.length, isThrough]).toEqual([2, false]);
    store.answer(0, 'accepted', 1);
    await third;
    expect(store.calls.map(({ batch }) => batch.messages.map(({ cuid }) => cuid))).toEqual([['a'], ['b'], ['c']]);
    store.answer(2, 'stale', 3);
    store.answer(1, 'duplicate', 2);
    await messages.finish();
    expect(messages.tally).toEqual({ accepted: 1, stale: 1, duplicate: 1 });
  });

  it('sends what was offered as soon as there is room, while more is being waited for', async () => {
    const { store, messages } = pipeline();
    for (const cuid of ['a', 'b', 'c']) {
      messages.add(message(cuid), {}, 0, 10);
      messages.offer();
    }
    expect(store.calls.length).toBe(2);
    store.answer(0, 'accepted', 1);
    await nextTurn();
    expect(store.calls.length).toBe(3);
    store.answer(1, 'accepted', 2);
    store.answer(2, 'accepted', 3);
    await messages.finish();
    expect(messages.tally.accepted).toBe(3);
  });

  it('is full by messages, by bytes, and by refusals', () => {
    const byBytes = pipeline().messages;
    byBytes.add(message('a'), {}, 0, 1024 * 1024);
    expect(byBytes.full).toBe(true);
    const byCount = pipeline().messages;
    for (let at = 0; at < 1_000; at++) {
      expect(byCount.full).toBe(false);
      byCount.add(message('a'), {}, at, 1);
    }
    expect(byCount.full).toBe(true);
    const byRefusals = pipeline().messages;
    for (let at = 0; at < 1_000; at++) byRefusals.reject(at, { code: 'x', detail: 'y' });
    expect(byRefusals.full).toBe(true);
  });

  it('lists refusals of reading and of the store by index, later batches after earlier ones', async () => {
    const { store, rejections, messages } = pipeline();
    messages.reject(1, { code: 'read', detail: '' });
    messages.add(message('a'), {}, 0, 1);
    await messages.flush();
    messages.add(message('b'), {}, 2, 1);
    await messages.flush();
    store.answer(1, { code: 'expired', detail: '' }, 2);
    store.answer(0, { code: 'range', detail: '' }, 1);
    await messages.finish();
    expect(await textOf(rejections)).toEqual([
      { index: 0, code: 'range', detail: '' },
      { index: 1, code: 'read', detail: '' },
      { index: 2, code: 'expired', detail: '' },
    ]);
  });

  it('hands nothing over after a failure, and counts what had been applied', async () => {
    const { store, messages } = pipeline();
    messages.add(message('a'), {}, 0, 1);
    await messages.flush();
    messages.add(message('b'), {}, 1, 1);
    await messages.flush();
    store.calls[1]?.reject(new Error('disk full'));
    store.answer(0, 'accepted', 1);
    await nextTurn();
    messages.add(message('c'), {}, 2, 1);
    await expect(messages.flush()).rejects.toThrow('disk full');
    await messages.settle();
    expect(store.calls.length).toBe(2);
    expect(messages.tally).toMatchObject({ accepted: 1 });
  });
});

describe('Rejections', () => {
  it('keeps every one of very many, in a file that goes away', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rejections-'));
    const rejections = new Rejections(folder);
    const detail = 'é'.repeat(500);
    for (let index = 0; index < 20_000; index++) rejections.add({ index, code: 'c', detail });
    expect(readdirSync(folder)).toHaveLength(1);
    const all = await textOf(rejections);
    expect(all).toEqual(Array.from({ length: 20_000 }, (_, index) => ({ index, code: 'c', detail })));
    rejections.dispose();
    expect(readdirSync(folder)).toEqual([]);
    rmdirSync(folder);
  });
});
