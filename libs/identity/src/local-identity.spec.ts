import type { Guid } from '@tessera/tag-catalog';
import { GuidsExhaustedError, LocalIdentity, MalformedIdentityBlockError } from './index';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Mulberry32, as an integer below `limit`. */
function seededRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_',
  'éßüñøÿ\u0080\u07ff',
  '漢字かなカナ\u0800\uffff',
  '😀🦊𐍈',
].map((letters) => Array.from(letters));

/** 1 to 128 bytes of UTF-8, of one to four bytes a character. */
function randomCuid(random: (limit: number) => number): string {
  if (random(10) < 6) {
    const words = [random(2 ** 32), random(2 ** 32), random(2 ** 32), random(2 ** 32)];
    return words
      .map((word) => word.toString(16))
      .join('')
      .slice(0, 1 + random(32));
  }
  const bytes = random(20) === 0 ? 128 : 1 + random(40);
  let cuid = '';
  let left = bytes;
  while (left > 0) {
    const size = 1 + random(Math.min(4, left));
    const alphabet = ALPHABETS[size - 1]!;
    cuid += alphabet[random(alphabet.length)]!;
    left -= size;
  }
  return cuid;
}

function reload(identity: LocalIdentity, seed: number): LocalIdentity {
  const loaded = new LocalIdentity({ seed });
  for (let block = 0; block * identity.blockSize < identity.highestGuid; block++) {
    loaded.loadBlock(block, identity.serializeBlock(block));
  }
  return loaded;
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

  it(`keeps a million cuids of every kind apart, and gives them back after a reload (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const guids = new Map<string, number>();
    const identity = new LocalIdentity({ seed: SEED });
    while (guids.size < 1_000_000) {
      const cuid = randomCuid(random);
      const known = guids.get(cuid);
      const guid = identity.bind(cuid);
      if (guid !== (known ?? guids.size + 1)) throw new Error(`seed ${SEED}: ${cuid} got ${guid}`);
      guids.set(cuid, guid);
    }
    for (const other of [identity, reload(identity, SEED + 1)]) {
      expect([other.bound, other.highestGuid]).toEqual([1_000_000, 1_000_000]);
      for (const [cuid, guid] of guids) {
        if (other.lookup(cuid) !== guid || other.cuidOf(guid as Guid) !== cuid) {
          throw new Error(`seed ${SEED}: ${cuid} was ${guid}, is ${other.lookup(cuid)}`);
        }
        if (guid % 16 === 0 && other.lookup(`unbound-${guid}`) !== 0)
          throw new Error(`seed ${SEED}: unbound-${guid} was never bound`);
      }
    }
  });

  it('needs at most 36 bytes for a cuid of 16, at every size', () => {
    const random = seededRandom(SEED);
    const identity = new LocalIdentity({ seed: SEED });
    const sizes: number[] = [];
    for (let n = 1; n <= 8 * 65_536; n++) {
      let cuid = '';
      for (let word = 0; word < 4; word++) cuid += (random(2 ** 16) + 2 ** 16).toString(16).slice(-4);
      identity.bind(cuid);
      if (n % 65_536 === 0 && n >= 4 * 65_536) sizes.push(identity.bytes / n);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(36);
    expect(Math.min(...sizes)).toBeGreaterThan(20);
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
        if (kind < 50) {
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

  describe('blocks', () => {
    const filled = (count: number): LocalIdentity => {
      const identity = new LocalIdentity({ seed: SEED });
      for (let n = 1; n <= count; n++) identity.bind(`user-${n}`);
      return identity;
    };

    it('hold 65,536 guids each, and the last goes on being filled after a load', () => {
      const identity = filled(65_540);
      expect([1, 65_536, 65_537].map((guid) => identity.blockOf(guid as Guid))).toEqual([0, 0, 1]);
      expect(identity.blockOf((2 ** 32 - 2) as Guid)).toBe(65_535);
      const loaded = reload(identity, SEED + 1);
      for (let n = 65_541; n <= 131_080; n++)
        if (loaded.bind(`user-${n}`) !== n) throw new Error(`user-${n} is not ${n}`);
      expect(loaded.cuidOf(65_537 as Guid)).toBe('user-65537');
      const again = reload(loaded, SEED);
      for (let n = 1; n <= 131_080; n++) if (again.lookup(`user-${n}`) !== n) throw new Error(`user-${n} is lost`);
      expect(() => identity.serializeBlock(2)).toThrow('identity block 2 does not exist');
    });

    it('are refused when damaged, repeated or out of order', () => {
      const identity = filled(20);
      const intact = identity.serializeBlock(0);
      const load = (change: (bytes: Buffer) => Buffer | undefined, block = 0): void => {
        const bytes = Buffer.from(intact);
        new LocalIdentity({ seed: SEED }).loadBlock(block, change(bytes) ?? bytes);
      };
      const refused: [string, () => void][] = [
        ['does not begin', () => load(() => Buffer.alloc(0))],
        ['does not begin', () => load((bytes) => void (bytes[0] = 0))],
        ['format version is 2', () => load((bytes) => void bytes.writeUInt32LE(2, 4))],
        ['it is block 1', () => load((bytes) => void bytes.writeUInt32LE(1, 8))],
        ['gives 0 records', () => load((bytes) => void bytes.writeUInt32LE(0, 12))],
        ['gives 65537 records', () => load((bytes) => void bytes.writeUInt32LE(65_537, 12))],
        ['record 3 has 129 bytes', () => load((bytes) => void (bytes[19] = 129))],
        ['bytes of cuids instead of', () => load((bytes) => void (bytes[19] = 8))],
        ['bytes of cuids instead of', () => load((bytes) => bytes.subarray(0, -1))],
        ['guids 1 and 2 have the same cuid', () => load((bytes) => void bytes.write('user-1user-1', 36))],
        ['blocks are loaded in order', () => load(() => undefined, 1)],
        ['blocks are loaded in order', () => identity.loadBlock(0, intact)],
      ];
      for (const [message, attempt] of refused) {
        expect(attempt).toThrow(MalformedIdentityBlockError);
        expect(attempt).toThrow(message);
      }
      expect(() => load(() => undefined)).not.toThrow();
    });
  });
});
