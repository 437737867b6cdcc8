import type { StreamPositions, StreamProgress } from '@tessera/http-api';
import type { GroupReach } from '@tessera/kafka';
import { StoreUnavailableError } from '@tessera/tag-catalog';

const LOOK_MS = 50;
/**
 * The mapping workers' position is seen when their transaction is decided; what it wrote counts as committed when its marks have come to the brokers
 * of the topics too, some milliseconds later.
 */
const MARKS_MS = 250;

export interface AppliedStreamOptions {
  /** Of the mapping workers, in `tags.raw`. */
  readonly mapped: Pick<GroupReach, 'committed'>;
  /** Of the ingest workers, in the topics that they read. */
  readonly applied: Pick<GroupReach, 'committed' | 'ends'>;
  readonly rawTopic: string;
  /** Those that the ingest workers read, as they are there now. @throws KafkaFailure */
  readonly topics: () => Promise<readonly string[]>;
}

/** Topic and Kafka partition → position. */
type Ends = ReadonlyMap<string, ReadonlyMap<number, number>>;

interface Waiter {
  readonly positions: StreamPositions;
  /** Ends the wait. */
  readonly timer: NodeJS.Timeout;
  readonly done: (isReached: boolean) => void;
  readonly failed: (error: unknown) => void;
  /** When its messages can be in no other place than in front of the ends of the topics; null: they are not mapped yet. */
  mappedMs: number | null;
  /** Null: not looked at yet. */
  ends: Ends | null;
}

/**
 * How far the workers are with the messages of `tags.raw`: through the mapping workers as far as these have committed, and from there, through the
 * ingest workers, as far as the topics that these read went by then. The ingest workers commit when online profiles and the tag store have what they were given.
 * All who wait share one look at Kafka.
 */
export class AppliedStream implements StreamProgress {
  #waiting: Waiter[] = [];
  #isLooking = false;

  constructor(private readonly options: AppliedStreamOptions) {}

  reached(positions: StreamPositions, timeoutMs: number): Promise<boolean> {
    if (positions.size === 0) return Promise.resolve(true);
    return new Promise((done, failed) => {
      // A Kafka that does not answer must not hold anybody up for longer.
      const timer = setTimeout(() => {
        this.#end((waiter) => waiter.timer === timer, false);
      }, timeoutMs);
      this.#waiting = [...this.#waiting, { positions, timer, done, failed, mappedMs: null, ends: null }];
      if (!this.#isLooking) void this.#look();
    });
  }

  /** Until nobody waits any more. */
  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#waiting.length > 0) {
      const asked = this.#waiting;
      try {
        await this.#lookOnce(asked);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        this.#fail(asked, new StoreUnavailableError(`Kafka can't be asked how far the workers are: ${detail}`, true));
      }
      if (this.#waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this.#isLooking = false;
  }

  /** Takes every one of those who ask one step further, if it is time. */
  async #lookOnce(waiting: readonly Waiter[]): Promise<void> {
    const { mapped, applied, rawTopic, topics } = this.options;
    const unmapped = waiting.filter(({ mappedMs }) => mappedMs === null);
    if (unmapped.length > 0) {
      const committed = (await mapped.committed([rawTopic])).get(rawTopic) ?? new Map<number, number>();
      const nowMs = performance.now();
      for (const waiter of unmapped) {
        const isMapped = [...waiter.positions].every(
          ([partition, position]) => (committed.get(partition) ?? 0) >= position,
        );
        if (isMapped) waiter.mappedMs = nowMs;
      }
    }
    const beganMs = performance.now();
    const settled = waiting.filter(
      ({ mappedMs, ends }) => ends === null && (mappedMs ?? Infinity) + MARKS_MS <= beganMs,
    );
    if (settled.length > 0) {
      const ends = await applied.ends(await topics());
      for (const waiter of settled) waiter.ends = ends;
    }
    const ending = waiting.filter(({ ends }) => ends !== null);
    if (ending.length === 0) return;
    const asked = new Set(ending.flatMap(({ ends }) => (ends === null ? [] : [...ends.keys()])));
    const committed = await applied.committed([...asked]);
    const reached = new Set(ending.filter(({ ends }) => ends !== null && hasReached(ends, committed)));
    this.#end((waiter) => reached.has(waiter), true);
  }

  #end(isOver: (waiter: Waiter) => boolean, isReached: boolean): void {
    const over = this.#waiting.filter(isOver);
    if (over.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => !over.includes(waiter));
    for (const { timer, done } of over) {
      clearTimeout(timer);
      done(isReached);
    }
  }

  #fail(asked: readonly Waiter[], error: Error): void {
    const failing = asked.filter((waiter) => this.#waiting.includes(waiter));
    this.#waiting = this.#waiting.filter((waiter) => !asked.includes(waiter));
    for (const { timer, failed } of failing) {
      clearTimeout(timer);
      failed(error);
    }
  }
}

/** Whether the group has come to the ends. */
function hasReached(ends: Ends, committed: Ends): boolean {
  return [...ends].every(([topic, partitions]) =>
    [...partitions].every(([partition, end]) => (committed.get(topic)?.get(partition) ?? 0) >= end),
  );
}
