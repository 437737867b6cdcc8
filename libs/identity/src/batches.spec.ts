import type { Guid } from '@tessera/tag-catalog';
import { GuidsExhaustedError, LocalIdentity } from './index';
import { randomCuid, randomHex, seededRandom } from './testing/random-cuids';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function create(guidMax?: number): LocalIdentity {
  return new LocalIdentity({ seed: SEED, ...(guidMax === undefined ? {} : { guidMax }) });
}

describe('bindMany and lookupMany', () => {
  it('bind in order of first appearance, and leave the rest of the places alone', () => {
    const identity = create();
    const out = new Uint32Array(7).fill(9);
    identity.bind('b');
    identity.bindMany(['a', 'b', 'a', 'c', 'b', 'é'], out);
    expect([...out]).toEqual([2, 1, 2, 3, 1, 4, 9]);
    identity.lookupMany(['c', 'x', 'é', 'c'], out);
    expect([...out]).toEqual([3, 0, 4, 3, 1, 4, 9]);
    identity.lookupMany([], new Uint32Array(0));
    expect(identity.highestGuid).toBe(4);
  });

  it.each([1, 1_023, 1_024, 1_025, 5_000])(
    `do for %d cuids what bind and lookup do for one (seed ${SEED})`,
    (count) => {
      const random = seededRandom(SEED + count);
      const [one, many] = [create(), create()];
      for (let round = 0; round < 5; round++) {
        // In some rounds all are ASCII, in others not; every tenth appears twice.
        const cuids: string[] = [];
        while (cuids.length < count) {
          cuids.push(
            random(10) === 0 && cuids.length > 0
              ? cuids[random(cuids.length)]!
              : round % 2 === 0
                ? randomHex(random, 1 + random(40))
                : randomCuid(random),
          );
        }
        const out = new Uint32Array(count);
        many.lookupMany(cuids, out);
        expect(out).toEqual(Uint32Array.from(cuids, (cuid) => one.lookup(cuid)));
        many.bindMany(cuids, out);
        expect(out).toEqual(Uint32Array.from(cuids, (cuid) => one.bind(cuid)));
        many.lookupMany(cuids, out);
        expect(out).toEqual(Uint32Array.from(cuids, (cuid) => one.lookup(cuid)));
        const erased = out[random(count)] as Guid;
        one.erase(erased);
        many.erase(erased);
      }
      expect([many.highestGuid, many.bound]).toEqual([one.highestGuid, one.bound]);
    },
  );

  it('refuse a place too few, and what is no cuid, wherever it stands', () => {
    const identity = create();
    expect(() => identity.bindMany(['a', 'b'], new Uint32Array(1))).toThrow('2 cuids need as many places');
    expect(() => identity.lookupMany(['a', 'b'], new Uint32Array(1))).toThrow(RangeError);
    const long = ['x'.repeat(128), 'é'.repeat(64), '😀'.repeat(32)];
    // A pair of surrogates is whole in one cuid, not across two.
    const bad = ['', 'x'.repeat(129), 'é'.repeat(65), '\ud83d', '\ude00', 'x'.repeat(100_000)];
    for (const cuid of bad) {
      const cuids = [...long, '\ud83d\ude00', cuid, '\ude00'];
      expect(() => identity.lookupMany(cuids, new Uint32Array(6))).toThrow('1 to 128 bytes');
      expect(() => identity.bindMany(cuids, new Uint32Array(6))).toThrow(RangeError);
    }
    expect(() => identity.bindMany(['\ud83d', '\ude00'], new Uint32Array(2))).toThrow(RangeError);
    expect(() => identity.bindMany(new Array<string>(1_024).fill('é'.repeat(128)), new Uint32Array(1_024))).toThrow(
      RangeError,
    );
    expect(identity.highestGuid).toBe(0);
    const full = new Uint32Array(1_024);
    const cuids = Array.from(full, (_zero, index) => String(index).padStart(126, '0') + 'é');
    identity.bindMany(cuids, full);
    expect([identity.highestGuid, identity.cuidOf(1_024 as Guid)]).toEqual([1_024, cuids[1_023]]);
  });

  it('bind as many as there are guids', () => {
    const identity = create(3);
    const out = new Uint32Array(5);
    expect(() => identity.bindMany(['a', 'b', 'a', 'c', 'd'], out)).toThrow(GuidsExhaustedError);
    expect([...out]).toEqual([1, 2, 1, 3, 0]);
    identity.bindMany(['c', 'b'], out);
    expect([out[0], out[1], identity.lookup('d')]).toEqual([3, 2, 0]);
  });
});
