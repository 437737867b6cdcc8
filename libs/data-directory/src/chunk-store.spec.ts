import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { CorruptChunkError, DataDirectory, DataDirectoryFormatError } from './index';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const MIB = 2 ** 20;

/** Numbers from 0 to below `limit`, the same for the same seed. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('ChunkStore', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-chunks-'));
    path = join(folder, 'data');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('shows nothing of a staging before its commit, then all of it', async () => {
    const directory = await DataDirectory.open(path);
    const { chunks } = directory;
    await chunks.commit({
      puts: [
        ['old', Buffer.alloc(5_000, 1)],
        ['kept', Buffer.from('kept')],
      ],
      removes: [],
    });
    const staging = chunks.stage();
    const value = Buffer.alloc(3 * MIB, 7);
    await staging.put('new', value);
    // It is written: what the caller does with its buffer is its own affair.
    value.fill(9);
    await staging.put('old', Buffer.alloc(2 * MIB, 2));
    await staging.put('small', Buffer.from('s'));
    expect(staging.bytes).toBe(5 * MIB + 1);
    expect(chunks.keys('')).toEqual(['kept', 'old']);
    expect(chunks.get('old')).toEqual(Buffer.alloc(5_000, 1));
    await expect(staging.put('new', value)).rejects.toThrow('put twice');
    await staging.abandon();
    await expect(staging.put('more', value)).rejects.toThrow();

    const second = chunks.stage();
    await second.put('new', Buffer.alloc(3 * MIB, 7));
    await second.put('old', Buffer.alloc(2 * MIB, 2));
    await second.commit(['kept', 'never there']);
    expect(chunks.keys('')).toEqual(['new', 'old']);
    expect(chunks.get('new')?.equals(Buffer.alloc(3 * MIB, 7))).toBe(true);
    expect((await chunks.read('old'))?.equals(Buffer.alloc(2 * MIB, 2))).toBe(true);
    expect(chunks.get('new')?.byteOffset).toBe(0);
    expect(await chunks.read('kept')).toBeUndefined();
    await directory.close();
    await expect(second.put('late', value)).rejects.toThrow('committed');
    expect(() => chunks.stage()).toThrow(StoreUnavailableError);
    await expect(chunks.read('new')).rejects.toThrow('closed');
  });

  it('keeps the order of the calls whatever the sizes', async () => {
    const directory = await DataDirectory.open(path);
    const { chunks } = directory;
    const commits = Array.from({ length: 20 }, (_, n) =>
      chunks.commit({ puts: [['key', Buffer.alloc(n % 2 === 0 ? 2 * MIB : 10, n)]], removes: [] }),
    );
    await Promise.all(commits);
    expect(chunks.get('key')).toEqual(Buffer.alloc(10, 19));
    await directory.close();
  });

  it(`holds what a map holds, over random stagings, reads and restarts (seed ${SEED})`, async () => {
    const random = randomOf(SEED);
    const model = new Map<string, Buffer>();
    let directory = await DataDirectory.open(path);
    const sizes = [0, 1, 1_024, 1_025, 4_096, 4_097, 70_000, 300_000];
    const valueOf = (): Buffer =>
      Buffer.alloc(random(3) === 0 ? random(200_000) : sizes[random(sizes.length)]!, random(256));
    for (let round = 0; round < 40; round++) {
      const { chunks } = directory;
      const staging = chunks.stage();
      const puts = new Map<string, Buffer>();
      for (let n = random(8); n > 0; n--) puts.set(`c/${random(40)}`, valueOf());
      const pending = Array.from(puts, ([key, value]) => staging.put(key, value));
      const removes = Array.from({ length: random(3) }, () => `c/${random(40)}`).filter((key) => !puts.has(key));
      const slow = `c/${random(40)}`;
      const before = model.get(slow);
      const reading = chunks.read(slow);
      if (random(4) === 0) {
        await staging.abandon();
      } else {
        await staging.commit([...new Set(removes)]);
        puts.forEach((value, key) => model.set(key, value));
        removes.forEach((key) => model.delete(key));
      }
      await Promise.all(pending);
      expect(await reading).toEqual(before);
      if (random(10) === 0) {
        await directory.close();
        directory = await DataDirectory.open(path);
      }
      const stored = new Map(directory.chunks.entries(''));
      expect({ round, keys: [...stored.keys()] }).toEqual({ round, keys: [...model.keys()].sort() });
      for (const [key, value] of model)
        if (!stored.get(key)!.equals(value)) throw new Error(`${key} in round ${round}`);
    }
    await directory.close();
  });

  it('rewrites in at most twice the space, and gives space back after a shrinking', async () => {
    const directory = await DataDirectory.open(path);
    const { chunks } = directory;
    const rewrite = async (bytes: number): Promise<void> => {
      const puts = Array.from({ length: 40 }, (_, n) => [`c/${n}`, Buffer.alloc(bytes + n * 1_000, n)] as const);
      await chunks.commit({ puts, removes: [] });
    };
    for (let round = 0; round < 6; round++) await rewrite(2 * MIB);
    const size = async (): Promise<number> => (await stat(join(path, 'store', 'values'))).size;
    expect(await size()).toBeLessThan(2.1 * 40 * 2 * MIB);
    await rewrite(2_000);
    await rewrite(2_000);
    await directory.close();
    expect(await size()).toBeLessThan(20 * MIB);
    const again = await DataDirectory.open(path);
    expect(again.chunks.get('c/39')?.equals(Buffer.alloc(41_000, 39))).toBe(true);
    expect(again.chunks.fileBytes.total).toBe(Math.ceil((await size()) / 4_096) * 4_096);
    await again.close();
  });

  it('takes space that an interrupted staging left again', async () => {
    let directory = await DataDirectory.open(path);
    await directory.chunks.commit({ puts: [['a', Buffer.alloc(MIB, 1)]], removes: [] });
    await directory.close();
    // What a crash leaves of a staging: pages behind those in use.
    await writeFile(join(path, 'store', 'values'), Buffer.alloc(2 * MIB, 3), { flag: 'a' });
    directory = await DataDirectory.open(path);
    expect(directory.chunks.fileBytes).toEqual({ free: 2 * MIB, total: 3 * MIB });
    await directory.chunks.commit({ puts: [['b', Buffer.alloc(2 * MIB, 2)]], removes: [] });
    expect(directory.chunks.fileBytes).toEqual({ free: 0, total: 3 * MIB });
    await directory.close();
  });

  describe('with a value file that is', () => {
    const values = (): string => join(path, 'store', 'values');
    beforeEach(async () => {
      const directory = await DataDirectory.open(path);
      await directory.chunks.commit({
        puts: [
          ['a', Buffer.alloc(10_000, 1)],
          ['b', Buffer.alloc(10_000, 2)],
        ],
        removes: [],
      });
      await directory.close();
    });

    it('cut short is refused at opening', async () => {
      const { size } = await stat(values());
      await truncate(values(), size - 1);
      for (const readOnly of [false, true]) {
        const refusal = await DataDirectory.open(path, { readOnly }).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(DataDirectoryFormatError);
        expect(String(refusal)).toContain(`${values()} has ${size - 1} bytes, but values reach up to byte ${size}`);
      }
      expect((await readFile(values())).length).toBe(size - 1);
    });

    it('missing is refused, and not made anew', async () => {
      await rm(values());
      await expect(DataDirectory.open(path)).rejects.toThrow(`${values()} is missing: put it back, or restore`);
      await expect(stat(values())).rejects.toThrow('ENOENT');
    });

    it('flipped in a byte is noticed by whoever reads the chunk', async () => {
      const file = await open(values(), 'r+');
      await file.write(Buffer.from([7]), 0, 1, 5_000);
      await file.close();
      const directory = await DataDirectory.open(path);
      expect(() => directory.chunks.get('a')).toThrow(CorruptChunkError);
      await expect(directory.chunks.read('a')).rejects.toThrow('the entry a of the database chunks is damaged');
      expect(directory.chunks.get('b')).toEqual(Buffer.alloc(10_000, 2));
      await directory.close();
    });
  });
});
