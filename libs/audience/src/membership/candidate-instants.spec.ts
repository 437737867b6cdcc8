import { localDay } from '../plan/zone-time';
import { dayBoundaries } from './candidate-instants';

const DAY_MS = 86_400_000;

function boundaries(date: string, timeZone: string): string[] {
  const day = Date.parse(`${date}T00:00:00Z`) / DAY_MS;
  const instants = dayBoundaries(day, timeZone);
  // Each turns the date over, the first one forwards.
  instants.forEach((instantMs, at) => {
    expect([localDay(instantMs - 1, timeZone) < day, localDay(instantMs, timeZone) < day]).toEqual([
      at % 2 === 0,
      at % 2 === 1,
    ]);
  });
  return instants.map((instantMs) => new Date(instantMs).toISOString());
}

describe('dayBoundaries', () => {
  it('is local midnight', () => {
    expect(boundaries('2025-06-15', 'UTC')).toEqual(['2025-06-15T00:00:00.000Z']);
    expect(boundaries('2025-06-15', 'Asia/Tokyo')).toEqual(['2025-06-14T15:00:00.000Z']);
    // Clocks go back later that day, which does not matter.
    expect(boundaries('2025-10-26', 'Europe/Berlin')).toEqual(['2025-10-25T22:00:00.000Z']);
  });

  it('is the change of the clocks where they skip midnight', () => {
    expect(boundaries('2018-11-04', 'America/Sao_Paulo')).toEqual(['2018-11-04T03:00:00.000Z']);
  });

  it('is three instants where clocks go back over the midnight just passed', () => {
    // St John's went from 00:01 back to 23:01.
    expect(boundaries('2010-11-07', 'America/St_Johns')).toEqual([
      '2010-11-07T02:30:00.000Z',
      '2010-11-07T02:31:00.000Z',
      '2010-11-07T03:30:00.000Z',
    ]);
  });
});
