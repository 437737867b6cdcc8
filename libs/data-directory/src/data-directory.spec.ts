import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory, DataDirectoryFormatError, DirectoryLockedError } from './index';

describe('DataDirectory', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-directory-'));
    path = join(folder, 'deep', 'data');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is made private, with an id and a secret that stay', async () => {
    const first = await DataDirectory.open(path);
    expect(first.id).toMatch(/^[0-9a-f]{16}$/);
    expect(first.secret).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, 'secret'))).mode & 0o777).toBe(0o600);
    await first.close();
    const second = await DataDirectory.open(path);
    expect(second.id).toBe(first.id);
    expect(second.secret.equals(first.secret)).toBe(true);
    expect(second.warnings).toEqual([]);
    await second.close();
    const other = await DataDirectory.open(join(folder, 'other'));
    expect(other.id).not.toBe(first.id);
    await other.close();
  });

  it('keeps chunks, documents and log records', async () => {
    const first = await DataDirectory.open(path);
    await first.chunks.commit({
      puts: [
        ['b/2', Buffer.from('two')],
        ['b/1', Buffer.alloc(3_000_000, 7)],
        ['c', Buffer.alloc(0)],
        ['b/ü', Buffer.from('x')],
      ],
      removes: ['absent'],
    });
    await first.chunks.commit({ puts: [['b/3', Buffer.from('three')]], removes: ['b/2'] });
    await first.documents.put('catalog', { version: 3, types: [null, 1.5, 'ä'] });
    await first.documents.put('gone', true);
    await first.documents.remove('gone');
    await first.log.append(Buffer.from('record')).durable;
    await first.close();

    const second = await DataDirectory.open(path);
    expect(second.chunks.keys('b/')).toEqual(['b/1', 'b/3', 'b/ü']);
    expect(second.chunks.keys('')).toEqual(['b/1', 'b/3', 'b/ü', 'c']);
    expect(second.chunks.get('b/1')?.equals(Buffer.alloc(3_000_000, 7))).toBe(true);
    expect(second.chunks.get('c')).toHaveLength(0);
    expect(second.chunks.get('b/2')).toBeUndefined();
    const entries = Array.from(second.chunks.entries('b/'));
    expect(entries.map(([key, value]) => [key, value.length])).toEqual([
      ['b/1', 3_000_000],
      ['b/3', 5],
      ['b/ü', 1],
    ]);
    expect(entries[1]?.[1].toString()).toBe('three');
    expect(second.documents.get('catalog')).toEqual({ version: 3, types: [null, 1.5, 'ä'] });
    expect(second.documents.get('gone')).toBeUndefined();
    expect(second.documents.keys('')).toEqual(['catalog']);
    const replayed: string[] = [];
    await second.log.replay(0, (sequence, payload) => {
      replayed.push(`${sequence} ${payload.toString()}`);
    });
    expect(replayed).toEqual(['1 record']);
    expect(await second.sizeBytes()).toBeGreaterThan(3_000_000);
    await second.close();
  });

  it('refuses keys that LMDB would not take, before anything is written', async () => {
    const directory = await DataDirectory.open(path);
    const put = (key: string): Promise<void> =>
      directory.chunks.commit({
        puts: [
          ['fine', Buffer.from('1')],
          [key, Buffer.from('2')],
        ],
        removes: [],
      });
    await expect(put('')).rejects.toThrow('1 to 1000');
    await expect(put('k'.repeat(1001))).rejects.toThrow('1001 bytes');
    expect(directory.chunks.get('fine')).toBeUndefined();
    await put('k'.repeat(1000));
    expect(directory.chunks.get('k'.repeat(1000))?.toString()).toBe('2');
    await directory.close();
  });

  it('waits for commits at close, and refuses what comes later', async () => {
    const directory = await DataDirectory.open(path);
    await directory.chunks.commit({
      puts: [
        ['a', Buffer.from('1')],
        ['b', Buffer.from('2')],
      ],
      removes: [],
    });
    const entries = directory.chunks.entries('')[Symbol.iterator]();
    expect(entries.next().value?.[0]).toBe('a');
    const last = directory.chunks.commit({ puts: [['last', Buffer.alloc(1_000_000)]], removes: [] });
    await directory.close();
    await last;
    expect(() => entries.next()).toThrow('closed');
    expect(() => directory.chunks.get('last')).toThrow('closed');
    expect(() => directory.documents.keys('')).toThrow('closed');
    await expect(directory.documents.put('late', 1)).rejects.toThrow('the database documents is closed');
    const again = await DataDirectory.open(path);
    expect(again.chunks.get('last')).toHaveLength(1_000_000);
    await again.close();
  });

  it('is one process’s at a time, and free as soon as that process is killed', async () => {
    const script = `require('@tessera/data-directory').DataDirectory.open(process.argv[1]).then(() => { process.send('open'); setInterval(() => {}, 1000); })`;
    const root = join(__dirname, '..', '..', '..');
    const child = spawn(process.execPath, ['-r', join(root, 'test/support/register-swc.cjs'), '-e', script, path], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await new Promise((resolve) => child.once('message', resolve));
    const refusal = await DataDirectory.open(path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DirectoryLockedError);
    expect(refusal).toMatchObject({ path, pid: child.pid });
    expect(String(refusal)).toContain(`process ${child.pid}`);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    const directory = await DataDirectory.open(path);
    await expect(DataDirectory.open(path)).rejects.toBeInstanceOf(DirectoryLockedError);
    await expect(DataDirectory.open(path, { readOnly: true })).rejects.toBeInstanceOf(DirectoryLockedError);
    await directory.close();
    await directory.close();
  });

  it('can be read by several at once, changing nothing', async () => {
    await expect(DataDirectory.open(path, { readOnly: true })).rejects.toBeInstanceOf(DataDirectoryFormatError);
    const writer = await DataDirectory.open(path);
    await writer.log.append(Buffer.from('kept')).durable;
    await writer.documents.put('a', 1);
    await writer.close();
    const segment = join(path, 'log', '0000000000000001.log');
    const intact = await readFile(segment);
    await writeFile(segment, Buffer.concat([intact, Buffer.from('torn')]));
    const readers = [
      await DataDirectory.open(path, { readOnly: true }),
      await DataDirectory.open(path, { readOnly: true }),
    ];
    for (const reader of readers) {
      expect(reader.warnings.join()).toContain('cut 4 bytes');
      expect(await reader.log.replay(0, () => undefined)).toEqual({ records: 1 });
      expect(reader.documents.get('a')).toBe(1);
      expect(() => reader.log.append(Buffer.alloc(1))).toThrow('read-only');
      await expect(reader.documents.put('a', 2)).rejects.toThrow('read-only');
    }
    await expect(DataDirectory.open(path)).rejects.toBeInstanceOf(DirectoryLockedError);
    for (const reader of readers) await reader.close();
    expect(await readFile(segment)).toHaveLength(intact.length + 4);
    const again = await DataDirectory.open(path);
    expect(await readFile(segment)).toHaveLength(intact.length);
    await again.close();
  });

  it('refuses a newer format, a damaged one and a folder of something else', async () => {
    const directory = await DataDirectory.open(path);
    await directory.close();
    const file = join(path, 'format.json');
    const intact = await readFile(file);
    await writeFile(file, JSON.stringify({ format: 2, id: directory.id }));
    await expect(DataDirectory.open(path)).rejects.toThrow('has format 2, this release reads up to 1');
    for (const bad of ['', '{', '[]', '{"format":"1"}', '{"format":0.5}', '{"format":1}', '{"format":1,"id":"ABC"}']) {
      await writeFile(file, bad);
      await expect(DataDirectory.open(path)).rejects.toBeInstanceOf(DataDirectoryFormatError);
    }
    await rm(file);
    await expect(DataDirectory.open(path)).rejects.toThrow('holds log');
    await writeFile(file, intact);
    await writeFile(join(path, 'secret'), 'short');
    await expect(DataDirectory.open(path)).rejects.toThrow('has 5 bytes instead of 32');
    await writeFile(join(folder, 'letter.txt'), 'dear');
    await expect(DataDirectory.open(folder)).rejects.toThrow('no data directory');
  });

  it('finishes a creation that had been interrupted', async () => {
    const first = await DataDirectory.open(path);
    await first.close();
    for (const name of ['format.json', 'log', 'store']) await rm(join(path, name), { recursive: true });
    await writeFile(join(path, 'format.json.new'), '{"form');
    const second = await DataDirectory.open(path);
    expect(second.id).not.toBe(first.id);
    await second.close();
  });
});
