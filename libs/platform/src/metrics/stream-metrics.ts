import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { inTime } from '../health/in-time';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 86_400];
const RECORDS = [1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 50_000];

/** Every topic is asked about: of many, or for the first time, that may take seconds. A scrape waits for 10. */
const LAG_MS_MAX = 6_000;

/** Records of one Kafka partition that count from now on: committed to Kafka, or durable in the store. */
export interface CommittedRecords {
  readonly topic: string;
  readonly records: number;
  /** The least timestamp among them, ms. */
  readonly oldestMs: number;
}

/** How many records of a Kafka partition a group has not committed yet. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
}

/** What Prometheus is told of a process that reads topics. */
export class StreamMetrics {
  readonly #records: Counter<'topic'>;
  readonly #batch: Histogram;
  readonly #delay: Histogram;
  readonly #dead: Counter<'code'>;
  readonly #failures: Counter;
  readonly #lost: Counter;

  /** @param lag asked at each scrape; where it fails, or takes too long, the lag is left out. */
  constructor(
    registry: Registry,
    lag: () => Promise<readonly PartitionLag[]>,
    private readonly now: () => number = Date.now,
  ) {
    const registers = [registry];
    this.#records = new Counter({
      ...{ name: 'tessera_stream_records_total', help: 'Records that were committed', registers },
      labelNames: ['topic'] as const,
    });
    this.#batch = new Histogram({
      ...{ name: 'tessera_stream_commit_records', help: 'Records a commit of one Kafka partition', registers },
      buckets: RECORDS,
    });
    this.#delay = new Histogram({
      name: 'tessera_stream_delay_seconds',
      help: 'From the timestamp of the oldest record of each commit to the commit',
      buckets: SECONDS,
      registers,
    });
    this.#dead = new Counter({
      name: 'tessera_stream_dead_letters_total',
      help: 'Records sent to the dead letters, by reason',
      labelNames: ['code'] as const,
      registers,
    });
    this.#failures = new Counter({
      name: 'tessera_stream_failures_total',
      help: 'How often a Kafka partition began anew from its last commit, or reading could not start',
      registers,
    });
    this.#lost = new Counter({
      name: 'tessera_stream_lost_offsets_total',
      help: 'Offsets that were gone before they were read, marks of transactions included: the retention is too short',
      registers,
    });
    const gauge = new Gauge({
      name: 'tessera_stream_lag_records',
      help: 'Records that the consumer group has not committed yet, by Kafka partition',
      labelNames: ['topic', 'partition'] as const,
      registers,
      collect: async () => {
        const lags = await inTime(lag(), LAG_MS_MAX).catch(() => []);
        gauge.reset();
        for (const { topic, partition, records } of lags) gauge.set({ topic, partition: String(partition) }, records);
      },
    });
  }

  addCommit({ topic, records, oldestMs }: CommittedRecords): void {
    this.#records.inc({ topic }, records);
    this.#batch.observe(records);
    this.#delay.observe(Math.max(0, this.now() - oldestMs) / 1_000);
  }

  addDeadLetter(code: string): void {
    this.#dead.inc({ code });
  }

  addLost(offsets: number): void {
    this.#lost.inc(offsets);
  }

  addFailure(): void {
    this.#failures.inc();
  }
}
