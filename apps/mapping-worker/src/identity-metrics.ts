import type { IdentityResolver, MysqlSequence } from '@tessera/identity';
import { inTime } from '@tessera/platform';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { NewGuids } from './new-guids';

/** A cumulative value that somebody else counts. */
function counted(registry: Registry, name: string, help: string, read: () => number): void {
  const counter = new Counter({
    ...{ name, help, registers: [registry] },
    collect: () => {
      counter.reset();
      counter.inc(read());
    },
  });
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  const made = new Gauge({
    ...{ name, help, registers: [registry] },
    collect: () => {
      made.set(read());
    },
  });
}

/** Registers what the worker knows of identity: docs/operations.md lists them. */
export function registerIdentityMetrics(
  registry: Registry,
  { cache }: Pick<IdentityResolver, 'cache'>,
  sequence: MysqlSequence,
  newGuids: NewGuids,
): void {
  const prefix = 'tessera_identity';
  counted(registry, `${prefix}_cache_hits_total`, 'Cuids looked for and found in the cache', () => cache.hits);
  counted(registry, `${prefix}_cache_misses_total`, 'Cuids looked for and not found in the cache', () => cache.misses);
  counted(registry, `${prefix}_cache_evictions_total`, 'Entries that made room for others', () => cache.evictions);
  gauge(registry, `${prefix}_cache_entries`, 'Cuids in the cache', () => cache.entries);
  gauge(registry, `${prefix}_cache_bytes`, 'Memory of the cache', () => cache.bytes);
  counted(registry, `${prefix}_new_guids_total`, 'Cuids bound anew', () => newGuids.total);
  gauge(registry, `${prefix}_new_guids_alarm`, 'NEW_GUIDS_ALARM; 0: none', () => newGuids.alarm);
  const next = new Gauge({
    name: `${prefix}_next_guid`,
    help: 'The guid that the next lease begins with; left out while MySQL does not answer',
    registers: [registry],
    collect: async () => {
      const guid = await inTime(sequence.next()).catch(() => null);
      if (guid === null) next.remove();
      else next.set(guid);
    },
  });
}
