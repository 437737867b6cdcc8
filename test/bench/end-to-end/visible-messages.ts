import type { JsonValue } from '@tessera/tag-catalog';
import { KeepAliveConnection, readJson } from '../http/keep-alive-connection';
import { sleep } from '../measure/pauses';
import { Samples } from '../measure/samples';

const PAUSE_MS = 1;
/** Numbers of one partition: they never reach those of the next. */
const NUMBERS = 1_000_000_000;

/**
 * Numbers the messages of each Kafka partition, and asks again and again how many of them count. Messages of a partition count in their order, so
 * one count a partition says which ones: all of them are asked in one question.
 */
export class VisibleMessages {
  readonly delays = new Samples();
  readonly questions = new Samples();
  /** Of each partition's messages, in order: when they were due. */
  readonly #dueMs: number[][];
  readonly #seen: number[];
  #isOver = false;

  /** @param firstNumber above all that were used before, in each partition. */
  constructor(
    private readonly url: string,
    partitions: number,
    private readonly firstNumber: number,
  ) {
    this.#dueMs = Array.from({ length: partitions }, () => []);
    this.#seen = new Array<number>(partitions).fill(0);
  }

  /** The number of the partition's next message. */
  numberOf(partition: number, dueMs: number): number {
    const due = this.#dueMs[partition]!;
    due.push(dueMs);
    return partition * NUMBERS + this.firstNumber + due.length - 1;
  }

  get unseen(): number {
    return this.#dueMs.reduce((sum, due, partition) => sum + due.length - this.#seen[partition]!, 0);
  }

  /** From now on it ends as soon as all are seen, or after this long. */
  async finish(watching: Promise<void>, waitMs: number): Promise<void> {
    const untilMs = performance.now() + waitMs;
    while (this.unseen > 0 && performance.now() < untilMs) await sleep(PAUSE_MS);
    this.#isOver = true;
    await watching;
  }

  /** Asks until `finish` says that it is enough. */
  async watch(): Promise<void> {
    const connection = await KeepAliveConnection.open(this.url);
    try {
      while (!this.#isOver) {
        if (this.unseen > 0) await this.#ask(connection);
        await sleep(PAUSE_MS);
      }
    } finally {
      connection.close();
    }
  }

  async #ask(connection: KeepAliveConnection): Promise<void> {
    const expression = { or: this.#seen.map((_, partition) => this.#rangeOf(partition)) };
    const question = JSON.stringify({ expression, perNode: true });
    const askedMs = performance.now();
    const answer = await connection.request('POST', '/v1/segmentation/count', question);
    const answeredMs = performance.now();
    this.questions.add(answeredMs - askedMs);
    const nodes = readJson(answer)['nodes'] as readonly { readonly path: string; readonly count: number }[];
    for (const { path, count } of nodes) {
      const partition = Number(/^\/or\/(\d+)$/.exec(path)?.[1] ?? -1);
      const due = this.#dueMs[partition] ?? [];
      for (; partition >= 0 && this.#seen[partition]! < count; this.#seen[partition]! += 1) {
        this.delays.add(answeredMs - due[this.#seen[partition]!]!);
      }
    }
  }

  #rangeOf(partition: number): JsonValue {
    const first = partition * NUMBERS + this.firstNumber;
    return { tag: 'ping_number', op: 'between', value: [first, (partition + 1) * NUMBERS - 1] };
  }
}
