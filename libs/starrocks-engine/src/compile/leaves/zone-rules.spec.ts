import { zoneOffsetMs } from '@tessera/audience';
import { yearTypeOf, zoneRules } from './zone-rules';
import type { YearlyRule } from './zone-rules';

const DAY_MS = 86_400_000;
const SEED = Number(process.env['ZONES_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const FIRST_MS = Date.UTC(1000, 0, 1);
const LAST_MS = Date.UTC(10_000, 0, 1) - 1;

/** The offset that the SQL made of the rules comes to. */
function offsetByRules(timeZone: string, instantMs: number): number {
  const { firstOffset, changes, yearly } = zoneRules(timeZone);
  if (yearly !== null && instantMs >= yearly.sinceMs) return offsetInYear(yearly, instantMs);
  return changes.findLast(({ sinceMs }) => sinceMs <= instantMs)?.offset ?? firstOffset;
}

function offsetInYear({ starts, ends, inside, outside }: YearlyRule, instantMs: number): number {
  const at = new Date(instantMs);
  const position =
    ((at.getUTCMonth() * 100 + 100 + at.getUTCDate()) * 100 + at.getUTCHours()) * 100 + at.getUTCMinutes();
  const type = yearTypeOf(at.getUTCFullYear());
  return position >= (starts[type] ?? Infinity) && position < (ends[type] ?? Infinity) ? inside : outside;
}

describe('zoneRules', () => {
  process.stderr.write(`zone rules: ZONES_SEED=${SEED}\n`);

  it.each([
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Pacific/Apia',
    'Etc/GMT-14',
  ])('says what the zone data says of %s', (timeZone) => {
    let state = SEED;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return state / 0x8000_0000;
    };
    const { changes } = zoneRules(timeZone);
    const instants = [
      FIRST_MS,
      LAST_MS,
      ...changes.flatMap(({ sinceMs }) => [sinceMs - 1, sinceMs]),
      // Any time, the times of living people, and around the changes of far years.
      ...Array.from({ length: 300 }, () => Math.floor(FIRST_MS + random() * (LAST_MS - FIRST_MS))),
      ...Array.from({ length: 300 }, () => Math.floor(Date.UTC(1900, 0, 1) + random() * 250 * 365 * DAY_MS)),
      ...Array.from({ length: 300 }, () =>
        Date.UTC(2000 + Math.floor(random() * 7_999), 2, 1 + Math.floor(random() * 40), 1),
      ),
    ];
    for (const instantMs of instants) {
      const expected = zoneOffsetMs(timeZone, instantMs) / 1_000;
      const found = offsetByRules(timeZone, instantMs);
      if (found !== expected)
        throw new Error(`${timeZone} at ${new Date(instantMs).toISOString()}: ${found}, not ${expected}`);
    }
  });

  it('needs no more of a yearly rule than its beginning', () => {
    const { changes, yearly } = zoneRules('America/New_York');
    expect(new Date(yearly?.sinceMs ?? 0).getUTCFullYear()).toBe(2007);
    expect(changes.every(({ sinceMs }) => sinceMs < (yearly?.sinceMs ?? 0))).toBe(true);
    // The second Sunday of March and the first of November, at 2 o'clock, in a year that begins on a Sunday.
    expect([yearly?.starts[0], yearly?.ends[0]]).toEqual([3_120_700, 11_050_600]);
  });
});
