import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { nodeLogFileSystem } from './log-file-system';
import type { LogFile, LogFileSystem } from './log-file-system';
import { append, payload, range, replay } from './testing/log-records';
import { WriteAheadLog } from './write-ahead-log';
import type { WriteAheadLogOptions } from './write-ahead-log';

describe('WriteAheadLog on a failing disk', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-log-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options: Partial<WriteAheadLogOptions> = {}): Promise<WriteAheadLog> =>
    WriteAheadLog.open({ folder, directoryId: '0123456789abcdef', ...options });
  const segments = async (): Promise<string[]> => (await readdir(folder)).sort();

  it('shares one write and one sync among all that was appended meanwhile, and resolves in order', async () => {
    const { fileSystem, calls } = faultyFileSystem();
    const log = await open({ fileSystem });
    await append(log, 1, 1);
    calls.length = 0;
    const order: number[] = [];
    const first = log.append(payload(2));
    // The write of record 2 is under way when the others come.
    await new Promise((resolve) => setImmediate(resolve));
    const rest = range(3, 1_000).map((n) => log.append(payload(n)));
    for (const { sequence, durable } of [first, ...rest]) void durable.then(() => order.push(sequence));
    await rest.at(-1)!.durable;
    expect(calls).toEqual(['write', 'sync', 'write', 'sync']);
    expect(order).toEqual(range(2, 1_000));
    await log.close();
  });

  describe('when writing fails', () => {
    it.each(['write', 'partial write', 'sync', 'create'] as const)(
      'at %s: all that is not durable is rejected, its sequences come again, and nothing of it is replayed',
      async (fault) => {
        const { fileSystem, faults } = faultyFileSystem();
        const log = await open({ fileSystem, segmentBytesMax: fault === 'create' ? 300 : 2 ** 20 });
        await append(log, 1, 20);
        faults.add(fault);
        const doomed = range(21, 25).map((n) => log.append(Buffer.from(`doomed ${n}`)));
        await new Promise((resolve) => setImmediate(resolve));
        doomed.push(log.append(Buffer.from('doomed 26')));
        const outcomes = await Promise.allSettled(doomed.map(({ durable }) => durable));
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({
            status: 'rejected',
            reason: { name: 'StoreUnavailableError', retriable: true },
          });
        }
        expect([log.lastSequence, log.durableSequence, log.pendingBytes]).toEqual([20, 20, 0]);
        const copy = await mkdtemp(join(tmpdir(), 'tessera-copy-'));
        for (const name of await segments()) await copyFile(join(folder, name), join(copy, name));
        // What a crash at this moment would have left.
        const crashed = await open({ folder: copy });
        expect([crashed.lastSequence, crashed.warnings]).toEqual([20, []]);
        await crashed.close();
        await rm(copy, { recursive: true });

        await expect(log.append(payload(21)).durable).rejects.toThrow('free disk space');
        faults.clear();
        await append(log, 21, 40);
        expect(await replay(log)).toEqual(range(1, 40));
        await log.close();
        const again = await open();
        expect(again.warnings).toEqual([]);
        expect(await replay(again)).toEqual(range(1, 40));
        await again.close();
      },
    );

    it('and undoing fails too: says so, and undoes it before the next write', async () => {
      const { fileSystem, faults } = faultyFileSystem();
      const log = await open({ fileSystem });
      await append(log, 1, 5);
      faults.add('sync').add('truncate');
      await expect(log.append(Buffer.from('doomed')).durable).rejects.toMatchObject({
        retriable: false,
        message: expect.stringContaining('may turn out to have been kept'),
      });
      faults.delete('sync');
      // Nothing of this one was written: what is in the way is the one before.
      await expect(log.append(Buffer.from('refused')).durable).rejects.toMatchObject({
        retriable: true,
        message: expect.stringContaining('nothing of it was kept'),
      });
      faults.clear();
      await append(log, 6, 8);
      await log.close();
      const again = await open();
      expect(await replay(again)).toEqual(range(1, 8));
      await again.close();
    });

    it('while cutting: nothing is lost and the next cut succeeds', async () => {
      const { fileSystem, faults } = faultyFileSystem();
      const log = await open({ fileSystem, segmentBytesMax: 300 });
      await append(log, 1, 10);
      for (const fault of ['create', 'remove'] as const) {
        faults.add(fault);
        await expect(log.cutBefore(log.durableSequence + 1)).rejects.toBeInstanceOf(StoreUnavailableError);
        faults.clear();
        await append(log, log.lastSequence + 1, log.lastSequence + 5);
      }
      expect(await replay(log)).toEqual(range(1, 20));
      await log.cutBefore(21);
      expect(await segments()).toEqual(['0000000000000021.log']);
      await log.close();
    });
  });
});

type Fault = 'write' | 'partial write' | 'sync' | 'create' | 'truncate' | 'remove';

/** The real file system; a call whose name is in `faults` fails as on a full disk. */
function faultyFileSystem(): { fileSystem: LogFileSystem; faults: Set<Fault>; calls: string[] } {
  const faults = new Set<Fault>();
  const calls: string[] = [];
  const check = (fault: Fault): void => {
    if (faults.has(fault)) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const wrap = (file: LogFile): LogFile => ({
    write: async (bytes, position) => {
      calls.push('write');
      check('write');
      if (faults.has('partial write')) await file.write(bytes.subarray(0, bytes.length >> 1), position);
      check('partial write');
      await file.write(bytes, position);
    },
    sync: async () => {
      calls.push('sync');
      // The repair of a failed write syncs too: it fails only when told so by `truncate`.
      if (calls.at(-2) === 'write') check('sync');
      await file.sync();
    },
    truncate: async (bytes) => {
      calls.push('truncate');
      check('truncate');
      await file.truncate(bytes);
    },
    close: () => file.close(),
  });
  const fileSystem: LogFileSystem = {
    ...nodeLogFileSystem,
    create: async (path) => {
      const file = await nodeLogFileSystem.create(path);
      if (faults.has('create')) await file.close();
      check('create');
      return wrap(file);
    },
    open: async (path) => wrap(await nodeLogFileSystem.open(path)),
    remove: async (path) => {
      check('remove');
      await nodeLogFileSystem.remove(path);
    },
  };
  return { fileSystem, faults, calls };
}
