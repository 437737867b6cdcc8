import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { CorruptChunkError } from './errors';
import { DataDirectory } from './index';

/** A file system of 24 MiB, or a reason why there is none. */
function mountSmall(folder: string): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Fills the disk given, fails, makes room and goes on; prints what it met. */
const FULL_DISK = `
const { DataDirectory } = require('@tessera/data-directory');
const { rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const disk = process.argv[1];
async function run() {
  const { log, chunks, documents, close } = await DataDirectory.open(join(disk, 'data')).then((directory) => ({
    log: directory.log,
    chunks: directory.chunks,
    documents: directory.documents,
    close: () => directory.close(),
  }));
  const commit = (key, bytes) =>
    chunks.commit({ puts: [[key, Buffer.alloc(bytes, key)], [key + '/mark', Buffer.from(key)]], removes: [] });
  const failure = (promise) => promise.then(() => 'no failure', (error) => [error.name, error.retriable]);
  await commit('a', 1000000);
  await log.append(Buffer.alloc(1000000, 1)).durable;
  writeFileSync(join(disk, 'filler'), Buffer.alloc(17000000));
  const met = {
    b: await failure(commit('b', 9000000)),
    c: await failure(commit('c', 9000000)),
    record: await failure(log.append(Buffer.alloc(9000000, 2)).durable),
    keysWhenFull: chunks.keys(''),
  };
  rmSync(join(disk, 'filler'));
  await commit('d', 5000000);
  await documents.put('after', true);
  met.nextSequence = log.append(Buffer.from('after')).sequence;
  await close();
  console.log(JSON.stringify(met));
}
void run();
`;

describe('chunks and documents', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-store-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('that are damaged or misplaced are refused by name', async () => {
    const directory = await DataDirectory.open(folder);
    await directory.chunks.commit({
      puts: ['a', 'b', 'c', 'd'].map((key) => [key, Buffer.from(`value ${key}`)]),
      removes: [],
    });
    await directory.documents.put('catalog', { version: 1 });
    await directory.close();
    const environment = open<Buffer, Buffer>({
      path: join(folder, 'store'),
      noSubdir: false,
      keyEncoding: 'binary',
      encoding: 'binary',
    });
    const chunks = environment.openDB('chunks', { keyEncoding: 'binary', encoding: 'binary' });
    const flipped = Buffer.from(chunks.getBinary(Buffer.from('b'))!);
    flipped[6]! ^= 1;
    await chunks.put(Buffer.from('b'), flipped);
    await chunks.put(Buffer.from('c'), Buffer.from(chunks.getBinary(Buffer.from('a'))!));
    await chunks.put(Buffer.from('d'), Buffer.from([1, 2]));
    const documents = environment.openDB('documents', { keyEncoding: 'binary', encoding: 'binary' });
    await documents.put(Buffer.from('catalog'), Buffer.from('{"version":1}'));
    await environment.close();

    const again = await DataDirectory.open(folder);
    expect(again.chunks.get('a')?.toString()).toBe('value a');
    for (const key of ['b', 'c', 'd']) {
      expect(() => again.chunks.get(key)).toThrow(CorruptChunkError);
      expect(() => again.chunks.get(key)).toThrow(`the entry ${key} of the database chunks is damaged`);
    }
    expect(() => Array.from(again.chunks.entries(''))).toThrow('the entry b');
    expect(() => again.documents.get('catalog')).toThrow('the entry catalog of the database documents');
    await again.close();
  });

  it('and the log get over a full disk without a restart', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const missing = mountSmall(disk);
    if (missing !== null) {
      // Mounting takes root. The log's part of this is in write-ahead-log-faults.spec.ts, without a mount.
      process.stderr.write(`skipped, no small file system can be mounted: ${missing}\n`);
      return;
    }
    try {
      // In a process of its own: an unhandled rejection would end it, and lmdb prints its errors to the console.
      const root = join(__dirname, '..', '..', '..');
      const script = ['-r', join(root, 'test/support/register-swc.cjs'), '-e', FULL_DISK, disk];
      const output = execFileSync(process.execPath, script, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
      expect(JSON.parse(output.toString())).toEqual({
        b: ['StoreUnavailableError', true],
        c: ['StoreUnavailableError', true],
        record: ['StoreUnavailableError', true],
        keysWhenFull: ['a', 'a/mark'],
        nextSequence: 2,
      });
      const again = await DataDirectory.open(join(disk, 'data'));
      expect(again.chunks.keys('')).toEqual(['a', 'a/mark', 'd', 'd/mark']);
      expect(again.chunks.get('d')?.equals(Buffer.alloc(5_000_000, 'd'))).toBe(true);
      expect(again.documents.get('after')).toBe(true);
      const lengths: number[] = [];
      await again.log.replay(0, (_sequence, payload) => void lengths.push(payload.length));
      expect(lengths).toEqual([1_000_000, 5]);
      await again.close();
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
