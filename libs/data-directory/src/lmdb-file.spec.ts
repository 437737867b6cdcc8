import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { CorruptChunkError, DataDirectory, DataDirectoryFormatError } from './index';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const FLIPS = Number(process.env['FLIPS'] ?? 40);

describe('a database file that is', () => {
  let folder: string;
  let path: string;
  let file: string;
  /** Up to the end of the last page. */
  let size: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-lmdb-'));
    path = join(folder, 'data');
    file = join(path, 'store', 'data.mdb');
    const directory = await DataDirectory.open(path);
    for (let n = 0; n < 40; n++) await directory.documents.put(`document ${n}`, 'x'.repeat(5_000));
    await directory.close();
    const environment = open({ path: join(path, 'store'), noSubdir: false });
    const { lastPageNumber } = environment.getStats() as { lastPageNumber: number };
    await environment.close();
    size = (lastPageNumber + 1) * 4_096;
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const refusal = async (): Promise<string> => {
    const errors: unknown[] = [];
    for (const readOnly of [false, true]) {
      const outcome: unknown = await DataDirectory.open(path, { readOnly }).catch((error: unknown) => error);
      if (outcome instanceof DataDirectory) await outcome.close();
      expect(outcome).toBeInstanceOf(DataDirectoryFormatError);
      errors.push(outcome);
    }
    expect(String(errors[1])).toBe(String(errors[0]));
    return String(errors[0]);
  };

  it('longer than its pages reach takes no more space for it', async () => {
    const { size: length, blocks } = await stat(file);
    expect(length).toBeGreaterThanOrEqual(size + 8 * 2 ** 20);
    expect(blocks * 512).toBeLessThan(size + 2 ** 20);
  });

  it('cut anywhere before the end of its pages is refused, not mapped', async () => {
    const intact = await readFile(file);
    for (const length of [size - 1, size >> 1, 3 * 4_096]) {
      await truncate(file, length);
      expect(await refusal()).toContain(
        `has ${length} bytes, but its pages reach up to byte ${size}: it was cut short`,
      );
      await writeFile(file, intact);
    }
    await truncate(file, size);
    const directory = await DataDirectory.open(path);
    expect(directory.documents.keys('')).toHaveLength(40);
    await directory.close();
  });

  it('empty, or something else, is refused', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(100), Buffer.alloc(2 ** 20), Buffer.alloc(2 ** 20, 'text ')]) {
      await writeFile(file, bytes);
      expect(await refusal()).toContain('does not begin with the 2 meta pages');
      expect((await readFile(file)).equals(bytes)).toBe(true);
    }
  });

  it('missing is refused, and not made anew', async () => {
    await rm(file);
    expect(await refusal()).toContain(`${file} is missing`);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it(`flipped in any bit is refused, or of no consequence (seed ${SEED})`, async () => {
    const contentOf = async (): Promise<string> => {
      const directory = await DataDirectory.open(path, { readOnly: true });
      try {
        const chunks = Array.from(directory.chunks.entries(''), ([key, value]) => `${key} ${value.toString()}`);
        const documents = directory.documents.keys('').map((key) => [key, directory.documents.get(key)]);
        return JSON.stringify([chunks, documents]);
      } finally {
        await directory.close();
      }
    };
    const directory = await DataDirectory.open(path);
    for (let round = 0; round < 10; round++) {
      const puts = Array.from({ length: 30 }, (_, n) => [`c/${round * 10 + n}`, Buffer.alloc(300, n)] as const);
      await directory.chunks.commit({ puts, removes: [`c/${round * 10 - 1}`] });
    }
    await directory.close();
    const content = await contentOf();
    const intact = await readFile(file);
    const end = intact.findLastIndex((byte) => byte !== 0) + 1;
    let state = SEED;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    let refused = 0;
    for (let n = 0; n < FLIPS; n++) {
      // Most of them where pages say what is in them.
      const any = random(end);
      const at = n % 4 === 0 ? any : any - (any % 4_096) + random(n % 4 === 1 ? 40 : 160);
      const bytes = Buffer.from(intact);
      bytes[at]! ^= 1 << random(8);
      await writeFile(file, bytes);
      const found: unknown = await contentOf().catch((error: unknown) => error);
      if (found === content) continue;
      refused++;
      const isRefusal = found instanceof DataDirectoryFormatError || found instanceof CorruptChunkError;
      if (!isRefusal) throw new Error(`byte ${at} flipped: ${found instanceof Error ? found.stack : String(found)}`);
    }
    expect(refused).toBeGreaterThan(0);
  }, 300_000);
});
