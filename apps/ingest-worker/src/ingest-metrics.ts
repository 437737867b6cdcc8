import type { AppliedBatch, OutcomeReceiver } from '@tessera/ingest';
import { inTime } from '@tessera/platform';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** What Prometheus is told of entries that were applied, and of the profiles: docs/operations.md. */
export class IngestMetrics implements OutcomeReceiver {
  readonly #outcomes: Counter<'entry' | 'verdict'>;

  /** @param areOpen asked at each scrape; where it fails, or takes too long, they count as shut. */
  constructor(registry: Registry, areOpen: () => Promise<boolean>) {
    this.#outcomes = new Counter({
      name: 'tessera_ingest_entries_total',
      help: 'Entries applied to the online profiles, by what they are and what became of them',
      labelNames: ['entry', 'verdict'] as const,
      registers: [registry],
    });
    const open = new Gauge({
      name: 'tessera_profiles_open',
      help: '1: the online profiles can be read',
      registers: [registry],
      collect: async () => {
        open.set((await inTime(areOpen()).catch(() => false)) ? 1 : 0);
      },
    });
  }

  take({ entries, outcomes }: AppliedBatch): Promise<void> {
    for (const [place, { verdict }] of outcomes.entries()) {
      const content = entries[place]?.content;
      const entry = typeof content === 'string' ? content : 'message';
      this.#outcomes.inc({ entry, verdict: typeof verdict === 'string' ? verdict : 'rejected' });
    }
    return Promise.resolve();
  }
}
