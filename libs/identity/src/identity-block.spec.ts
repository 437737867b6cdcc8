import type { Guid } from '@tessera/tag-catalog';
import { LocalIdentity, MalformedIdentityBlockError } from './index';
import { copyBlocks, randomCuid, seededRandom, uuidOf } from './testing/random-cuids';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const HEX = 'ffeeddccbbaa99887766554433221100';
/** Header and kinds of 20 records. */
const CUIDS_AT = 36;

function filled(count: number): LocalIdentity {
  const identity = new LocalIdentity({ seed: SEED });
  for (let n = 1; n <= count; n++) identity.bind(`user-${n}`);
  return identity;
}

function storedForm(cuids: readonly string[]): Buffer {
  const identity = new LocalIdentity({ seed: SEED });
  for (const cuid of cuids) identity.bind(cuid);
  return identity.serializeBlock(0);
}

function load(bytes: Buffer): LocalIdentity {
  const identity = new LocalIdentity({ seed: SEED + 1 });
  identity.loadBlock(0, bytes);
  return identity;
}

describe('identity blocks', () => {
  it('hold 65,536 guids each, and the last goes on being filled after a load', () => {
    const identity = filled(65_540);
    expect([1, 65_536, 65_537].map((guid) => identity.blockOf(guid as Guid))).toEqual([0, 0, 1]);
    expect(identity.blockOf((2 ** 32 - 2) as Guid)).toBe(65_535);
    const loaded = copyBlocks(identity, new LocalIdentity({ seed: SEED + 1 }));
    for (let n = 65_541; n <= 131_080; n++)
      if (loaded.bind(`user-${n}`) !== n) throw new Error(`user-${n} is not ${n}`);
    expect(loaded.cuidOf(65_537 as Guid)).toBe('user-65537');
    const again = copyBlocks(loaded, new LocalIdentity({ seed: SEED }));
    for (let n = 1; n <= 131_080; n++) if (again.lookup(`user-${n}`) !== n) throw new Error(`user-${n} is lost`);
    expect(() => identity.serializeBlock(2)).toThrow('identity block 2 does not exist');
  });

  it('are the bytes that docs/formats/identity.md gives', () => {
    const identity = new LocalIdentity({ seed: SEED });
    for (const cuid of ['é', 'gone', HEX, HEX.toUpperCase(), uuidOf(HEX)]) identity.bind(cuid);
    identity.erase(2 as Guid);
    const value = Buffer.from(HEX, 'hex');
    expect(identity.serializeBlock(0)).toEqual(
      Buffer.concat([
        Buffer.from('TSID'),
        Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0]),
        Buffer.from([2, 0, 129, 32, 130]),
        Buffer.from(`é`),
        value,
        Buffer.from(HEX.toUpperCase()),
        value,
      ]),
    );
  });

  it.each<[string, (bytes: Buffer) => Buffer | number | string | undefined]>([
    ['does not begin', () => Buffer.alloc(0)],
    ['does not begin', (bytes) => (bytes[0] = 0)],
    ['format version is 2', (bytes) => bytes.writeUInt32LE(2, 4)],
    ['it is block 1', (bytes) => bytes.writeUInt32LE(1, 8)],
    ['gives 0 records', (bytes) => bytes.writeUInt32LE(0, 12)],
    ['gives 65537 records', (bytes) => bytes.writeUInt32LE(65_537, 12)],
    ['gives 4294967295 records', (bytes) => bytes.writeUInt32LE(2 ** 32 - 1, 12)],
    ['record 3 has kind 131', (bytes) => (bytes[19] = 131)],
    ['bytes of cuids instead of', (bytes) => (bytes[19] = 129)],
    ['bytes of cuids instead of', (bytes) => (bytes[19] = 8)],
    ['bytes of cuids instead of', (bytes) => bytes.subarray(0, -1)],
    ['bytes of cuids instead of', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['guids 1 and 2 have the same cuid', (bytes) => bytes.write('user-1user-1', CUIDS_AT)],
    ['record 2 is not UTF-8', (bytes) => (bytes[CUIDS_AT + 12] = 0xff)],
    [
      'record 0 is not UTF-8',
      () => Buffer.from(storedForm([`${'x'.repeat(19)}é`]).map((byte) => (byte === 0xa9 ? 0x20 : byte))),
    ],
    ['record 0 is not packed', () => Buffer.concat([storedForm(['A'.repeat(32)]).subarray(0, 17), Buffer.from(HEX)])],
    [
      'record 0 is not packed',
      () => Buffer.concat([storedForm(['A'.repeat(36)]).subarray(0, 17), Buffer.from(uuidOf(HEX))]),
    ],
  ])('are refused when damaged: %s', (message, change) => {
    const bytes = filled(20).serializeBlock(0);
    const changed = change(bytes);
    const attempt = (): LocalIdentity => load(Buffer.isBuffer(changed) ? changed : bytes);
    expect(attempt).toThrow(MalformedIdentityBlockError);
    expect(attempt).toThrow(message);
  });

  it('are refused when repeated, out of order or beyond the last guid', () => {
    const identity = filled(20);
    const bytes = identity.serializeBlock(0);
    expect(load(bytes).bound).toBe(20);
    expect(() => identity.loadBlock(0, bytes)).toThrow('blocks are loaded in order');
    expect(() => new LocalIdentity({ seed: SEED }).loadBlock(1, bytes)).toThrow('blocks are loaded in order');
    expect(() => new LocalIdentity({ seed: SEED, guidMax: 19 }).loadBlock(0, bytes)).toThrow('beyond guid 19');
    expect(identity.highestGuid).toBe(20);
  });

  it(`with flipped or missing bytes are refused, or are a bijection still (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const kinds = [
      (): string => String(random(1_000)),
      (): string => randomCuid(random),
      (): string => randomCuid(random),
    ];
    let refused = 0;
    for (let run = 0; run < 2_000; run++) {
      const kind = kinds[run % kinds.length]!;
      const bytes = storedForm(Array.from({ length: 1 + random(30) }, kind));
      const flips = 1 + random(3);
      for (let flip = 0; flip < flips; flip++) bytes[random(bytes.length)]! ^= 1 << random(8);
      const given = random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
      try {
        const identity = load(given);
        for (let guid = 1; guid <= identity.highestGuid; guid++) {
          const cuid = identity.cuidOf(guid as Guid);
          const found = cuid === undefined ? 0 : identity.lookup(cuid);
          if (found !== (cuid === undefined ? 0 : guid)) throw new Error(`seed ${SEED}, run ${run}: guid ${guid}`);
        }
        expect(identity.serializeBlock(0)).toEqual(given);
      } catch (error) {
        if (!(error instanceof MalformedIdentityBlockError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(300);
  });
});
