import { CuidBatch } from './cuid-batch';
import { CuidRecords } from './cuid-records';
import { CuidTable } from './cuid-table';
import { seededRandom } from './testing/random-cuids';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** A table with hashes of our choice. */
class Crafted {
  readonly records = new CuidRecords();
  readonly table = new CuidTable(this.records);
  readonly #batch = new CuidBatch(SEED);

  find(cuid: string, hash0: number, hash1: number): number {
    this.#batch.loadOne(cuid);
    this.#batch.hashes0[0] = hash0;
    this.#batch.hashes1[0] = hash1;
    return this.table.find(this.#batch, 0);
  }

  bind(cuid: string, hash0: number, hash1: number): number {
    const known = this.find(cuid, hash0, hash1);
    if (known !== 0) return known;
    const guid = this.records.append(this.#batch, 0);
    this.table.insert(this.#batch, 0, guid);
    return guid;
  }

  remove(cuid: string, hash0: number, hash1: number): void {
    const guid = this.find(cuid, hash0, hash1);
    this.table.remove(this.#batch, 0, guid);
    this.records.retire(guid);
  }
}

describe('CuidTable', () => {
  it('tells cuids with the same hash apart by their records', () => {
    const crafted = new Crafted();
    const cuids = Array.from({ length: 100 }, (_zero, index) => `${'long-'.repeat(index % 5)}user-${index}`);
    cuids.forEach((cuid, index) => expect(crafted.bind(cuid, -1, -1)).toBe(index + 1));
    cuids.forEach((cuid, index) => expect(crafted.bind(cuid, -1, -1)).toBe(index + 1));
    expect(crafted.find('nobody', -1, -1)).toBe(0);
    cuids.filter((_cuid, index) => index % 3 === 0).forEach((cuid) => crafted.remove(cuid, -1, -1));
    cuids.forEach((cuid, index) => expect(crafted.find(cuid, -1, -1)).toBe(index % 3 === 0 ? 0 : index + 1));
  });

  it(`keeps what runs over the end of a part, through growth and removal (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    // The top of the second half gives the place: the last ones of the part, and some at its beginning.
    const places = [-1, -2, -3, -(2 ** 20), -(2 ** 24), 0, 1, 2 ** 20, 2 ** 24];
    for (let run = 0; run < 30; run++) {
      const crafted = new Crafted();
      const bound = new Map<string, number>();
      const hash0 = random(2) === 0 ? 0 : -1;
      const spread = random(3) === 0 ? 400 : 60;
      for (let step = 0; step < 1_000; step++) {
        const number = random(spread);
        const cuid = `user-${number}`;
        const hash1 = places[number % places.length]!;
        const known = bound.get(cuid);
        if (random(3) > 0) {
          const guid = crafted.bind(cuid, hash0, hash1);
          expect(guid).toBe(known ?? crafted.records.highestGuid);
          bound.set(cuid, guid);
        } else if (known !== undefined) {
          crafted.remove(cuid, hash0, hash1);
          bound.delete(cuid);
        }
      }
      expect(crafted.table.entries).toBe(bound.size);
      for (let number = 0; number < spread; number++) {
        const cuid = `user-${number}`;
        expect(crafted.find(cuid, hash0, places[number % places.length]!)).toBe(bound.get(cuid) ?? 0);
      }
    }
  });

  it('says which guids have one cuid, not merely one hash', () => {
    const { records, table } = new Crafted();
    const batch = new CuidBatch(SEED);
    for (const cuid of ['a', 'b', 'c', 'b']) {
      batch.loadOne(cuid);
      records.append(batch, 0);
    }
    const hashes = { hashes0: new Int32Array(4), hashes1: new Int32Array(4) };
    expect(table.insertAll(hashes, Uint8Array.of(1, 1, 1, 0), 1, 4)).toBeUndefined();
    expect(table.entries).toBe(3);
    expect(table.insertAll(hashes, Uint8Array.of(1), 4, 1)).toEqual([2, 4]);
  });
});
