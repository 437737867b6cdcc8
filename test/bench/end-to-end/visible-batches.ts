import type { JsonValue } from '@tessera/tag-catalog';
import { KeepAliveConnection, readJson } from '../http/keep-alive-connection';
import { sleep } from '../measure/pauses';
import { Samples } from '../measure/samples';

/** Messages sent together, numbered one after the other. */
export interface SentBatch {
  readonly firstNumber: number;
  readonly messages: number;
  /** When they were due, by the clock of `performance`. */
  readonly dueMs: number;
}

/** In one question, the oldest ones: with more it would be what the server is busy with. */
const BATCHES_A_QUESTION = 16;
const PAUSE_MS = 2;

/** Counts the batches under way again and again, all in one question, and notes when each is seen whole for the first time. */
export class VisibleBatches {
  readonly delays = new Samples();
  readonly questions = new Samples();
  readonly #underWay: SentBatch[] = [];
  #isOver = false;

  constructor(private readonly url: string) {}

  sent(batch: SentBatch): void {
    this.#underWay.push(batch);
  }

  /** From now on it ends as soon as all are seen, or after this long. */
  async finish(watching: Promise<void>, waitMs: number): Promise<number> {
    const untilMs = performance.now() + waitMs;
    while (this.#underWay.length > 0 && performance.now() < untilMs) await sleep(PAUSE_MS);
    this.#isOver = true;
    await watching;
    return this.#underWay.length;
  }

  /** Asks until `finish` says that it is enough. */
  async watch(): Promise<void> {
    const connection = await KeepAliveConnection.open(this.url);
    try {
      while (!this.#isOver) {
        if (this.#underWay.length > 0) await this.#ask(connection);
        await sleep(PAUSE_MS);
      }
    } finally {
      connection.close();
    }
  }

  async #ask(connection: KeepAliveConnection): Promise<void> {
    const asked = this.#underWay.slice(0, BATCHES_A_QUESTION);
    const expression = { or: asked.map(rangeOf) };
    const askedMs = performance.now();
    const text = await connection.request(
      'POST',
      '/v1/segmentation/count',
      JSON.stringify({ expression, perNode: true }),
    );
    const answeredMs = performance.now();
    this.questions.add(answeredMs - askedMs);
    const nodes = readJson(text)['nodes'] as readonly { readonly path: string; readonly count: number }[];
    const counts = new Map(nodes.map(({ path, count }) => [path, count]));
    for (const [place, batch] of asked.entries()) {
      if (counts.get(`/or/${place}`) !== batch.messages) continue;
      this.#underWay.splice(this.#underWay.indexOf(batch), 1);
      for (let message = 0; message < batch.messages; message += 1) this.delays.add(answeredMs - batch.dueMs);
    }
  }
}

function rangeOf({ firstNumber, messages }: SentBatch): JsonValue {
  return { tag: 'ping_number', op: 'between', value: [firstNumber, firstNumber + messages - 1] };
}
