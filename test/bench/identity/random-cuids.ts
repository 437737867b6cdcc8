import { mix32 } from '../../../apps/standalone/src/sample/random';

/** The cuid of a place: 32 hex digits, the same for one seed. */
export function drawCuid(seed: number, place: number): string {
  let cuid = '';
  for (let word = 0; word < 4; word += 1)
    cuid += mix32(place ^ mix32(seed + word))
      .toString(16)
      .padStart(8, '0');
  return cuid;
}
