import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { copyDataDirectory, CorruptChunkError, CorruptLogError, DataDirectory, DirectoryCopyError } from './index';
import { APPEND_FOREVER } from './testing/append-forever';
import { until } from '../../../test/support/until';

const COPIES = 6;
const ROOT = join(__dirname, '..', '..', '..');

/**
 * Rewrites all chunks, appends and cuts the log as fast as it can, and prints what it was promised: `log <sequence>`,
 * `chunks <round>` and `document <round>`.
 */
const WRITER = `
${APPEND_FOREVER}
async function commitForever({ log, chunks, documents }) {
  for (let round = 1; ; round++) {
    const staging = chunks.stage();
    const { durableSequence } = log;
    for (let n = 0; n < 24; n++) await staging.put('chunk/' + n, Buffer.alloc(1 + ((round * 7 + n) % 24) * 100000, String(round)));
    await staging.put('log', Buffer.from(String(durableSequence)));
    await staging.put('round', Buffer.from(String(round)));
    await staging.commit();
    say('chunks ' + round);
    await documents.put('round', { round });
    say('document ' + round);
    await log.cutBefore(durableSequence + 1);
  }
}
DataDirectory.open(process.argv[1]).then((directory) => {
  void appendForever(directory);
  void commitForever(directory);
});
`;

interface Writer {
  readonly child: ChildProcess;
  /** What was promised so far, by kind. */
  readonly promised: Map<string, number>;
}

function startWriter(path: string): Writer {
  const child = spawn(process.execPath, ['-r', join(ROOT, 'test/support/register-swc.cjs'), '-e', WRITER, path], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const promised = new Map<string, number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [kind = '', number] = line.split(' ');
    promised.set(kind, Number(number));
  });
  return { child, promised };
}

async function checkCopy(path: string, before: ReadonlyMap<string, number>): Promise<void> {
  const directory = await DataDirectory.open(path);
  const { log, chunks, documents } = directory;
  const round = Number(chunks.get('round')?.toString());
  const checkpoint = Number(chunks.get('log')?.toString());
  expect(round).toBeGreaterThanOrEqual(before.get('chunks')!);
  expect((documents.get('round') as { round: number }).round).toBeGreaterThanOrEqual(before.get('document')!);
  expect(Math.max(log.lastSequence, checkpoint)).toBeGreaterThanOrEqual(before.get('log')!);
  for (let n = 0; n < 24; n++) {
    const expected = Buffer.alloc(1 + ((round * 7 + n) % 24) * 100_000, String(round));
    if (!chunks.get(`chunk/${n}`)!.equals(expected)) throw new Error(`chunk ${n} is not of round ${round}`);
  }
  let next = checkpoint + 1;
  log.startAfter(checkpoint);
  await log.replay(checkpoint, (sequence, payload) => {
    if (sequence !== next++) throw new Error(`sequence ${sequence} in the place of ${next - 1}`);
    if (payload.toString() !== `${sequence}:${'p'.repeat((sequence * 37) % 3000)}`) {
      throw new Error(`record ${sequence} is not what was appended`);
    }
  });
  expect(next - 1).toBe(log.lastSequence);
  await directory.close();
}

describe('copyDataDirectory', () => {
  let folder: string;
  let path: string;
  let copy: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-copy-'));
    path = join(folder, 'data');
    copy = join(folder, 'copy');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const fill = async (): Promise<DataDirectory> => {
    const directory = await DataDirectory.open(path);
    await directory.chunks.commit({
      puts: [
        ['large', Buffer.alloc(200_000, 1)],
        ['small', Buffer.from('s')],
      ],
      removes: [],
    });
    await directory.documents.put('catalog', { version: 3 });
    for (let n = 1; n <= 5; n++) await directory.log.append(Buffer.from(`record ${n}`)).durable;
    return directory;
  };

  it(`is of one moment while everything is rewritten, ${COPIES} times over`, async () => {
    const { child, promised } = startWriter(path);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      await until(() => (promised.get('document') ?? 0) > 2 && promised.has('log'));
      for (let n = 0; n < COPIES; n++) {
        const before = new Map(promised);
        const target = join(copy, String(n));
        await mkdir(copy, { recursive: true });
        await copyDataDirectory(path, target);
        await checkCopy(target, before);
        await rm(target, { recursive: true });
        // Space that was kept for the copy is used again.
        await until(() => promised.get('chunks')! > before.get('chunks')! + 2);
      }
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    const { size } = await stat(join(path, 'store', 'values'));
    expect(size).toBeLessThan(40 * 24 * 2_400_000);
  });

  it('is a data directory with the same id, secret and content, and says how far it is', async () => {
    const directory = await fill();
    const { id, secret } = directory;
    await directory.close();
    const steps: number[] = [];
    const report = await copyDataDirectory(path, copy, ({ bytesDone, bytesTotal }) =>
      steps.push(bytesDone / bytesTotal),
    );
    expect(report).toMatchObject({ chunks: 1, lastSequence: 5 });
    expect(steps.at(-1)).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(['copy', 'data']);
    expect((await stat(copy)).mode & 0o777).toBe(0o700);
    const opened = await DataDirectory.open(copy);
    expect([opened.id, opened.secret, opened.warnings]).toEqual([id, secret, []]);
    expect(opened.chunks.get('large')).toEqual(Buffer.alloc(200_000, 1));
    expect(opened.chunks.get('small')?.toString()).toBe('s');
    expect(opened.documents.get('catalog')).toEqual({ version: 3 });
    expect(await opened.log.replay(0, () => undefined)).toEqual({ records: 5 });
    await opened.close();
  });

  it('leaves a torn tail out, and takes what is left of an interrupted copy away', async () => {
    await (await fill()).close();
    await writeFile(join(path, 'log', '0000000000000001.log'), 'torn', { flag: 'a' });
    await mkdir(join(`${copy}.partial`, 'store'), { recursive: true });
    await writeFile(join(`${copy}.partial`, 'store', 'values'), 'left');
    await copyDataDirectory(path, copy);
    const opened = await DataDirectory.open(copy);
    expect([opened.warnings, opened.log.lastSequence]).toEqual([[], 5]);
    await opened.close();
  });

  it('touches nothing that is there', async () => {
    await (await fill()).close();
    await mkdir(copy);
    await writeFile(join(copy, 'letter.txt'), 'dear');
    await expect(copyDataDirectory(path, copy)).rejects.toThrow('is not empty, it holds letter.txt');
    await expect(copyDataDirectory(path, join(path, 'backup'))).rejects.toThrow('lies in the data directory');
    await expect(copyDataDirectory(path, path)).rejects.toBeInstanceOf(DirectoryCopyError);
    await expect(copyDataDirectory(copy, join(folder, 'other'))).rejects.toThrow('is no data directory');
    const other = join(folder, 'other');
    await mkdir(`${other}.partial`);
    await writeFile(join(`${other}.partial`, 'mine'), '');
    await expect(copyDataDirectory(path, other)).rejects.toThrow('holds mine: remove it');
    expect(await readFile(join(copy, 'letter.txt'), 'utf8')).toBe('dear');
    expect((await readdir(folder)).sort()).toEqual(['copy', 'data', 'other.partial']);
  });

  it('copies nothing that is damaged', async () => {
    await (await fill()).close();
    const values = join(path, 'store', 'values');
    const intact = await readFile(values);
    await writeFile(values, Buffer.concat([intact.subarray(0, 50_000), Buffer.from('x'), intact.subarray(50_001)]));
    await expect(copyDataDirectory(path, copy)).rejects.toBeInstanceOf(CorruptChunkError);
    await truncate(values, 100_000);
    await expect(copyDataDirectory(path, copy)).rejects.toThrow('the value file ends before');
    await writeFile(values, intact);
    const segment = join(path, 'log', '0000000000000001.log');
    const log = await readFile(segment);
    log[log.indexOf('record 2')]! ^= 1;
    await writeFile(segment, log);
    await expect(copyDataDirectory(path, copy)).rejects.toBeInstanceOf(CorruptLogError);
    expect(await readdir(folder)).toEqual(['data']);
  });
});
