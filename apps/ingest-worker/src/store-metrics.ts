import { StarrocksError } from '@tessera/starrocks-engine';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

const SECONDS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];
const MS = 1_000;

/** What Prometheus is told of what is written to StarRocks: docs/operations.md. */
export class StoreMetrics {
  readonly #rows: Counter<'table'>;
  readonly #seconds: Histogram;
  readonly #failures: Counter<'kind'>;

  /** @param buffered bytes that wait. */
  constructor(registry: Registry, buffered: () => number) {
    const registers = [registry];
    this.#rows = new Counter({
      name: 'tessera_starrocks_rows_total',
      help: 'Rows written to StarRocks',
      labelNames: ['table'] as const,
      registers,
    });
    this.#seconds = new Histogram({
      name: 'tessera_starrocks_batch_seconds',
      help: 'How long StarRocks takes to write a batch of rows',
      buckets: SECONDS,
      registers,
    });
    this.#failures = new Counter({
      name: 'tessera_starrocks_failures_total',
      help: 'Batches that StarRocks did not take and that are tried again, by why; overloaded: too many versions, among others',
      labelNames: ['kind'] as const,
      registers,
    });
    const waiting = new Gauge({
      name: 'tessera_starrocks_buffered_bytes',
      help: 'Records whose rows wait to be written to StarRocks',
      registers,
      collect: () => {
        waiting.set(buffered());
      },
    });
  }

  addLoad(table: string, rows: number, ms: number): void {
    this.#rows.inc({ table }, rows);
    this.#seconds.observe(ms / MS);
  }

  addFailure(error: unknown): void {
    this.#failures.inc({ kind: error instanceof StarrocksError ? error.kind : 'other' });
  }
}
