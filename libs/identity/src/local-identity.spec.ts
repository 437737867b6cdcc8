import type { Guid } from '@tessera/tag-catalog';
import { GuidsExhaustedError, LocalIdentity } from './index';
import { copyBlocks, randomCuid, randomHex, seededRandom, uuidOf } from './testing/random-cuids';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function reload(identity: LocalIdentity, seed: number): LocalIdentity {
  return copyBlocks(identity, new LocalIdentity({ seed }));
}

describe('LocalIdentity', () => {
  it('hands out 1, 2, 3, … and the same again for the same cuid', () => {
    const identity = new LocalIdentity({ seed: SEED });
    expect([identity.highestGuid, identity.bound, identity.lookup('a')]).toEqual([0, 0, 0]);
    expect(['a', 'b', 'a', 'ab', 'é', 'b'].map((cuid) => identity.bind(cuid))).toEqual([1, 2, 1, 3, 4, 2]);
    expect([identity.highestGuid, identity.bound, identity.lookup('é')]).toEqual([4, 4, 4]);
    expect(identity.cuidOf(4 as Guid)).toBe('é');
    expect(identity.cuidOf(5 as Guid)).toBeUndefined();
    expect(identity.cuidOf(0 as Guid)).toBeUndefined();
    expect(identity.isRetired(5 as Guid)).toBe(false);
  });

  it('compares cuids as bytes, zero bytes and normal forms included', () => {
    const identity = new LocalIdentity({ seed: SEED });
    const cuids = [
      'a',
      'a\0',
      'a\0\0',
      '\0',
      '\0\0',
      '\u00e9',
      'e\u0301',
      'A',
      ' a',
      'a ',
      '__proto__',
      'constructor',
      'abcd',
      'abcde',
      'abcd\0',
    ];
    cuids.forEach((cuid, index) => expect(identity.bind(cuid)).toBe(index + 1));
    cuids.forEach((cuid, index) => expect(identity.cuidOf((index + 1) as Guid)).toBe(cuid));
  });

  it('keeps the forms of one value apart, and gives each back as it came', () => {
    const hex = '0123456789abcdef0a1b2c3d4e5f6789';
    const bytes = Buffer.from('abcdefghijklmnop');
    const cuids = [
      hex,
      hex.toUpperCase(),
      `${hex.slice(0, 31)}A`,
      uuidOf(hex),
      uuidOf(hex).toUpperCase(),
      uuidOf(hex).replaceAll('-', '_'),
      `${hex.slice(0, 8)}-${hex.slice(8, 16)}-${hex.slice(16, 24)}-${hex.slice(24)}-`,
      `{${uuidOf(hex)}}`,
      // The value that these digits spell is the text behind them.
      bytes.toString('hex'),
      bytes.toString(),
      uuidOf(bytes.toString('hex')),
      // Only characters next to the digits.
      ...Array.from('/:@`gG\0', (wrong) => `${hex.slice(0, 12)}${wrong}${hex.slice(13)}`),
      ...[12, 13, 16, 17, 31, 33, 36, 128].map((length) => 'f'.repeat(length)),
      '0'.repeat(32),
      uuidOf('0'.repeat(32)),
      '0',
      '\0'.repeat(16),
      '\0'.repeat(12),
      `${'\0'.repeat(12)}é`,
    ];
    const one = new LocalIdentity({ seed: SEED });
    cuids.forEach((cuid, index) => expect(one.bind(cuid)).toBe(index + 1));
    const many = new LocalIdentity({ seed: SEED });
    const guids = new Uint32Array(cuids.length);
    many.bindMany(cuids, guids);
    expect([...guids]).toEqual(cuids.map((_cuid, index) => index + 1));
    for (const identity of [one, many, reload(many, 5)]) {
      expect(cuids.map((_cuid, index) => identity.cuidOf((index + 1) as Guid))).toEqual(cuids);
      expect(cuids.map((cuid) => identity.lookup(cuid))).toEqual([...guids]);
    }
  });

  it('refuses what is no cuid', () => {
    const identity = new LocalIdentity({ seed: SEED });
    expect(identity.bind('x'.repeat(128))).toBe(1);
    expect(identity.bind('é'.repeat(64))).toBe(2);
    expect(identity.bind('😀'.repeat(32))).toBe(3);
    for (const bad of [
      '',
      'x'.repeat(129),
      'é'.repeat(65),
      '😀'.repeat(32) + 'x',
      '\ud83d',
      'a\udc00b',
      'x'.repeat(100_000),
    ]) {
      expect(() => identity.lookup(bad)).toThrow(RangeError);
      expect(() => identity.bind(bad)).toThrow('1 to 128 bytes');
    }
    expect(identity.highestGuid).toBe(3);
  });

  it('retires a guid for ever when its cuid is erased', () => {
    const identity = new LocalIdentity({ seed: SEED });
    identity.bind('keep');
    const guid = identity.bind('forget-me-please');
    identity.erase(guid);
    identity.erase(guid);
    expect([identity.lookup('forget-me-please'), identity.cuidOf(guid), identity.isRetired(guid)]).toEqual([
      0,
      undefined,
      true,
    ]);
    expect([identity.bound, identity.highestGuid]).toEqual([1, 2]);
    expect(identity.serializeBlock(0).includes('forget')).toBe(false);
    expect(identity.bind('forget-me-please')).toBe(3);
    expect(identity.cuidOf(3 as Guid)).toBe('forget-me-please');
    expect(identity.isRetired(guid)).toBe(true);
    expect(() => identity.erase(9 as Guid)).toThrow('guid 9 was never given out');
    const loaded = reload(identity, 1);
    expect([loaded.isRetired(guid), loaded.lookup('forget-me-please'), loaded.bound]).toEqual([true, 3, 2]);
  });

  it('refuses a new cuid when the guids are used up, and still knows the old ones', () => {
    const identity = new LocalIdentity({ seed: SEED, guidMax: 3 });
    for (const cuid of ['a', 'b', 'c']) identity.bind(cuid);
    expect(() => identity.bind('d')).toThrow(GuidsExhaustedError);
    expect(() => identity.bind('d')).toThrow('all 3 have been handed out');
    expect(identity.bind('b')).toBe(2);
    identity.erase(1 as Guid);
    expect(() => identity.bind('a')).toThrow(GuidsExhaustedError);
    expect([identity.highestGuid, identity.lookup('d')]).toEqual([3, 0]);
  });

  it(`keeps 400,000 cuids of every kind apart, and gives them back after a reload (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const guids = new Map<string, number>();
    const identity = new LocalIdentity({ seed: SEED });
    while (guids.size < 400_000) {
      const cuid = randomCuid(random);
      const known = guids.get(cuid);
      const guid = identity.bind(cuid);
      if (guid !== (known ?? guids.size + 1)) throw new Error(`seed ${SEED}: ${cuid} got ${guid}`);
      guids.set(cuid, guid);
    }
    for (const other of [identity, reload(identity, SEED + 1)]) {
      expect([other.bound, other.highestGuid]).toEqual([400_000, 400_000]);
      for (const [cuid, guid] of guids) {
        if (other.lookup(cuid) !== guid || other.cuidOf(guid as Guid) !== cuid) {
          throw new Error(`seed ${SEED}: ${cuid} was ${guid}, is ${other.lookup(cuid)}`);
        }
        if (guid % 16 === 0 && other.lookup(`unbound-${guid}`) !== 0)
          throw new Error(`seed ${SEED}: unbound-${guid} was never bound`);
      }
    }
  });

  it.each([
    ['16 characters', 16, (hex: string) => hex],
    ['32 hex digits', 32, (hex: string) => hex],
    ['UUIDs', 32, uuidOf],
  ])('needs at most 36 bytes for a cuid at every size: %s', (_name, digits, form) => {
    const random = seededRandom(SEED);
    const identity = new LocalIdentity({ seed: SEED });
    const sizes: number[] = [];
    const out = new Uint32Array(16_384);
    while (identity.highestGuid < 8 * 65_536) {
      identity.bindMany(
        Array.from(out, () => form(randomHex(random, digits))),
        out,
      );
      // Blocks are made whole, so sizes are taken where they are full; the table grows in between.
      if (identity.highestGuid % 65_536 === 0) sizes.push(identity.bytes / identity.highestGuid);
    }
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(36);
    expect(Math.min(...sizes)).toBeGreaterThan(28);
  });

  it('takes little memory while it is small', () => {
    const identity = new LocalIdentity({ seed: SEED });
    identity.bind('somebody');
    expect(identity.bytes).toBeLessThan(300_000);
  });

  it(`does what a Map would do, erasures and reloads included (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < 10; run++) {
      let identity = new LocalIdentity({ seed: random(2 ** 31) });
      const bound = new Map<string, number>();
      const cuids: (string | undefined)[] = [undefined];
      const fail = (what: string): never => {
        throw new Error(`seed ${SEED}, run ${run}: ${what}`);
      };
      // Few different cuids: they are bound, erased and bound again all the time. Many: parts of the table grow.
      const pool = Array.from({ length: 1 + random(20_000) }, () => randomCuid(random));
      for (let step = 0; step < 20_000; step++) {
        const cuid = pool[random(pool.length)]!;
        const known = bound.get(cuid);
        const kind = random(100);
        if (kind < 2) {
          const batch = Array.from({ length: random(100) }, () => pool[random(pool.length)]!);
          const out = new Uint32Array(batch.length);
          identity.bindMany(batch, out);
          batch.forEach((name, index) => {
            const expected = bound.get(name) ?? cuids.length;
            if (out[index] !== expected) fail(`${name} got ${out[index]} instead of ${expected}`);
            if (!bound.has(name)) cuids.push(name);
            bound.set(name, expected);
          });
        } else if (kind < 4) {
          const batch = Array.from({ length: random(100) }, () => pool[random(pool.length)]!);
          const out = new Uint32Array(batch.length + 1).fill(7);
          identity.lookupMany(batch, out);
          const expected = [...batch.map((name) => bound.get(name) ?? 0), 7];
          if (String([...out]) !== String(expected))
            fail(`${batch.join()} are ${out.join()} instead of ${expected.join()}`);
        } else if (kind < 50) {
          const guid = identity.bind(cuid);
          if (guid !== (known ?? cuids.length)) fail(`${cuid} got ${guid} after ${known}`);
          if (known === undefined) cuids.push(cuid);
          bound.set(cuid, guid);
        } else if (kind < 75) {
          if (identity.lookup(cuid) !== (known ?? 0)) fail(`${cuid} is ${identity.lookup(cuid)}, was ${known}`);
        } else if (known !== undefined) {
          identity.erase(known as Guid);
          bound.delete(cuid);
          cuids[known] = undefined;
        }
        if (random(5_000) === 0) identity = reload(identity, random(2 ** 31));
      }
      expect([identity.bound, identity.highestGuid]).toEqual([bound.size, cuids.length - 1]);
      for (const cuid of pool) if (identity.lookup(cuid) !== (bound.get(cuid) ?? 0)) fail(`${cuid} is lost`);
      for (let guid = 1; guid < cuids.length; guid++) {
        if (identity.cuidOf(guid as Guid) !== cuids[guid]) fail(`guid ${guid} is ${identity.cuidOf(guid as Guid)}`);
        if (identity.isRetired(guid as Guid) !== (cuids[guid] === undefined)) fail(`guid ${guid} is retired or not`);
      }
    }
  });
});
