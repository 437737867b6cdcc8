import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from './metrics';

const DELAY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const BATCH_MESSAGES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** The Prometheus metrics of a stream that is read. */
export class StreamMetrics {
  readonly #delay: Histogram;
  readonly #batch: Histogram;
  readonly #letters: Counter<'code'>;
  readonly #failures: Counter;
  readonly #lost: Counter;
  readonly #lag: Gauge<'partition'>;

  constructor(private readonly metrics: Metrics) {
    const registers = [metrics.registry];
    this.#delay = new Histogram({
      name: 'tessera_stream_delay_seconds',
      help: "From a record's timestamp in Kafka until what it asked for is durable and visible",
      buckets: DELAY_SECONDS,
      registers,
    });
    this.#batch = new Histogram({
      name: 'tessera_stream_batch_messages',
      help: 'Messages of the stream applied in one go',
      buckets: BATCH_MESSAGES,
      registers,
    });
    this.#letters = new Counter({
      name: 'tessera_stream_dead_letters_total',
      help: 'Dead letters written, by code',
      labelNames: ['code'],
      registers,
    });
    this.#failures = new Counter({
      name: 'tessera_stream_failures_total',
      help: 'Failures after which a Kafka partition, or all of them, paused and were tried again',
      registers,
    });
    this.#lost = new Counter({
      name: 'tessera_stream_lost_offsets_total',
      help: 'Offsets of the topic that were gone before they were read, marks of transactions included: its retention is too short',
      registers,
    });
    this.#lag = new Gauge({
      name: 'tessera_stream_lag_messages',
      help: 'Records of a Kafka partition that are not applied yet',
      labelNames: ['partition'],
      registers,
    });
  }

  batch(size: number): void {
    this.#batch.observe(size);
  }

  applied(verdict: 'accepted' | 'stale' | 'duplicate', delayMs: number): void {
    this.metrics.addMessages(verdict, 1);
    this.#delay.observe(Math.max(0, delayMs) / 1_000);
  }

  letter(code: string): void {
    this.metrics.addMessages('rejected', 1);
    this.#letters.inc({ code });
  }

  failure(): void {
    this.#failures.inc();
  }

  lost(offsets: number): void {
    this.#lost.inc(offsets);
  }

  lag(partition: number, records: number): void {
    this.#lag.set({ partition: String(partition) }, records);
  }
}
