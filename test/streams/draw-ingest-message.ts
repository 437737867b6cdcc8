import type { JsonValue } from '@tessera/tag-catalog';

/** A record of `tags.raw`. */
export interface DrawnRecord {
  readonly key: string;
  readonly value: string;
}

export interface Drawn {
  readonly cuids: number;
  /** Of the message: no other one has it. */
  readonly number: number;
  /** `LATE_TYPE` is declared. */
  readonly isLate: boolean;
}

type Random = (limit: number) => number;

export const INGEST_TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    autoDeclare: true,
    tags: [
      { name: 'town', valueType: 'string' },
      { name: 'visits', valueType: 'int' },
      { name: 'spent', valueType: 'decimal', scale: 2 },
      { name: 'plan', valueType: 'enum', values: ['free', 'paid'] },
      { name: 'seen', valueType: 'datetime' },
      { name: 'likes', valueType: 'set' },
    ],
  },
  { name: 'coupon', kind: 'kv', tags: [{ name: 'points', valueType: 'int' }] },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'int' }] },
];

/** Declared while messages are on their way. */
export const LATE_TYPE: JsonValue = { name: 'late', kind: 'profile', tags: [{ name: 'late_n', valueType: 'int' }] };

/** One in so many cuids may be erased. */
const ERASABLE = 4;
/** Ids are repeated within so many messages. */
const IDS = 40;
const MINUTE_MS = 60_000;

/**
 * A message of any kind, or one that is none. Whether a message that is stamped with a guid comes before or after the erasure of that guid is not said, and both
 * are right; so what would show it is sent of other users only: ids, which outlive an erasure, and increments that overflow, which are rejected or dropped.
 */
export function drawIngestMessage(random: Random, { cuids, number, isLate }: Drawn): DrawnRecord {
  const user = random(cuids);
  const isErasable = user % ERASABLE === 0;
  const cuid = `user-${user}`;
  const kind = random(100);
  const time = new Date(Date.now() - random(5) * MINUTE_MS).toISOString();
  const id = !isErasable && random(3) === 0 ? { id: `id ${Math.floor(number / IDS)} ${random(IDS / 2)}` } : {};
  const header = { time, ...id };
  if (kind < 25) return message('person', cuid, { visits: { $inc: 1 + random(9) }, spent: { $inc: 0.25 } }, header);
  if (kind < 35)
    return message('person', cuid, { likes: { [random(3) === 0 ? '$remove' : '$add']: [`tea ${random(6)}`] } }, header);
  if (kind < 45)
    return message(
      'person',
      cuid,
      { town: `town ${number}`, visits: random(2) === 0 ? null : random(99), seen: time },
      header,
    );
  if (kind < 52)
    return message('person', cuid, { spent: random(1_000) / 100, plan: 'paid', likes: ['é', '字'] }, header);
  if (kind < 60) return message('coupon', cuid, { points: { $inc: random(21) - 10 } }, header);
  if (kind < 68) return message('visit', cuid, random(4) === 0 ? {} : { page: number }, header);
  if (kind < 71) return message('person', cuid, { [`auto_${random(6)}`]: random(100) }, header);
  if (kind < 76) return message(isLate ? 'late' : 'coupon', cuid, isLate ? { late_n: number } : { points: 1 }, header);
  if (kind < 80) return message('sys_offline_cuid', `offline-${random(300)}`, {});
  if (kind < 84 && isErasable) return message('sys_erase', cuid, {});
  if (kind < 88 && !isErasable) return message('person', cuid, { visits: { $inc: Number.MAX_SAFE_INTEGER } }, header);
  if (kind < 92) return message('coupon', cuid, { points: 'many' });
  if (kind < 94) return message('coupon', cuid, { unheard_of: 1 });
  if (kind < 96) return message('person', cuid, { plan: 'dear' });
  if (kind < 98) return { key: cuid, value: `{"header":{"type":"person","cuid":"${cuid}"},"body":{"visits":` };
  return message('person', cuid, { visits: 1 }, { time: '2999-01-01T00:00:00Z' });
}

function message(type: string, cuid: string, body: object, header: object = {}): DrawnRecord {
  return { key: cuid, value: JSON.stringify({ header: { type, cuid, ...header }, body }) };
}
