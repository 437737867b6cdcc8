import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { CorruptLogError } from './errors';
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './log-segment';
import { append, payload, range, replay } from './testing/log-records';
import { WriteAheadLog } from './write-ahead-log';
import type { WriteAheadLogOptions } from './write-ahead-log';

const FIRST_SEGMENT = '0000000000000001.log';

describe('WriteAheadLog', () => {
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

  it('gives sequences from 1 and replays them after reopening', async () => {
    const log = await open();
    expect([log.lastSequence, log.durableSequence, log.bytes]).toEqual([0, 0, 0]);
    const first = log.append(payload(1));
    expect([first.sequence, log.lastSequence, log.durableSequence]).toEqual([1, 1, 0]);
    expect(log.pendingBytes).toBe(RECORD_HEADER_BYTES + payload(1).length);
    await first.durable;
    expect([log.durableSequence, log.pendingBytes]).toEqual([1, 0]);
    await append(log, 2, 500);
    expect(await replay(log, 490)).toEqual(range(491, 500));
    await log.close();
    expect(() => log.append(payload(501))).toThrow(StoreUnavailableError);

    const again = await open();
    expect([again.lastSequence, again.durableSequence]).toEqual([500, 500]);
    expect(await replay(again)).toEqual(range(1, 500));
    expect(await replay(again, 500)).toEqual([]);
    await append(again, 501, 501);
    await again.close();
  });

  it('waits for an asynchronous visitor and takes empty and large payloads', async () => {
    const log = await open();
    void log.append(Buffer.alloc(0));
    void log.append(Buffer.alloc(5_000_000, 1));
    await log.append(Buffer.from('end')).durable;
    const lengths: number[] = [];
    await log.replay(0, async (_sequence, bytes) => {
      await new Promise((resolve) => setImmediate(resolve));
      lengths.push(bytes.length);
    });
    expect(lengths).toEqual([0, 5_000_000, 3]);
    expect(() => log.append(Buffer.alloc(2 ** 28 + 1))).toThrow(RangeError);
    await log.close();
  });

  it('writes what was queued at close', async () => {
    const log = await open();
    const last = range(1, 50).map((n) => log.append(payload(n)))[49]!;
    await log.close();
    await last.durable;
    const again = await open();
    expect(await replay(again)).toEqual(range(1, 50));
    await again.close();
  });

  describe('segments', () => {
    it('are closed at their size and cut when a checkpoint covers them', async () => {
      const log = await open({ segmentBytesMax: 2_000 });
      for (let n = 1; n <= 100; n++) await append(log, n, n);
      const before = await segments();
      expect(before.length).toBeGreaterThan(2);
      expect(await replay(log)).toEqual(range(1, 100));
      await log.cutBefore(51);
      const after = await segments();
      expect(after.length).toBeLessThan(before.length + 1);
      expect(await replay(log, 50)).toEqual(range(51, 100));
      const bytes = log.bytes;
      await log.cutBefore(101);
      expect(await segments()).toEqual(['0000000000000101.log']);
      expect(log.bytes).toBeLessThan(bytes);
      expect(log.bytes).toBe(SEGMENT_HEADER_BYTES);
      await append(log, 101, 103);
      await log.close();
      const again = await open();
      expect(again.lastSequence).toBe(103);
      expect(await replay(again, 100)).toEqual(range(101, 103));
      await expect(again.replay(99, () => undefined)).rejects.toThrow(
        'the log begins at sequence 101, but 100 is needed',
      );
      await again.close();
    });

    it('remember the sequence even when nothing is left in them', async () => {
      const log = await open();
      await append(log, 1, 7);
      await log.cutBefore(1_000);
      await log.close();
      const again = await open();
      expect(again.lastSequence).toBe(7);
      await append(again, 8, 8);
      await again.cutBefore(5);
      expect(await replay(again, 7)).toEqual([8]);
      await again.close();
    });

    it('can be cut while records are being appended', async () => {
      const log = await open({ segmentBytesMax: 500 });
      const done: Promise<void>[] = [];
      for (let n = 1; n <= 300; n++) {
        done.push(log.append(payload(n)).durable);
        if (n % 7 === 0) await Promise.resolve();
        if (n % 50 === 0) done.push(log.cutBefore(log.durableSequence + 1));
        if (n % 11 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(done);
      expect(log.durableSequence).toBe(300);
      await log.cutBefore(290);
      expect(await replay(log, 289)).toEqual(range(290, 300));
      await log.close();
    });
  });

  describe('startAfter', () => {
    it('goes on behind a checkpoint when the log is empty', async () => {
      const log = await open();
      log.startAfter(41);
      expect([log.lastSequence, log.durableSequence]).toEqual([41, 41]);
      await append(log, 42, 44);
      await log.close();
      expect(await segments()).toEqual(['0000000000000042.log']);
      const again = await open();
      again.startAfter(43);
      expect(again.lastSequence).toBe(44);
      expect(await replay(again, 41)).toEqual([42, 43, 44]);
      await again.close();
    });

    it('drops a log that ends before the checkpoint', async () => {
      const log = await open();
      await append(log, 1, 3);
      await log.close();
      const again = await open();
      again.startAfter(10);
      expect(await replay(again, 10)).toEqual([]);
      await append(again, 11, 12);
      await again.close();
      expect(await segments()).toEqual(['0000000000000011.log']);
      const last = await open();
      expect(await replay(last, 10)).toEqual([11, 12]);
      await last.close();
    });
  });

  describe('a torn tail', () => {
    it('is cut off wherever the last write was interrupted', async () => {
      const log = await open();
      await append(log, 1, 20);
      await append(log, 21, 22);
      await log.close();
      const path = join(folder, FIRST_SEGMENT);
      const intact = await readFile(path);
      const tail = 2 * RECORD_HEADER_BYTES + payload(21).length + payload(22).length;
      const durable = intact.length - tail;
      const second = durable + RECORD_HEADER_BYTES + payload(21).length;
      for (let length = durable; length <= intact.length; length++) {
        for (const rest of [Buffer.alloc(0), Buffer.alloc(intact.length - length)]) {
          await writeFile(path, Buffer.concat([intact.subarray(0, length), rest]));
          const again = await open();
          const kept = again.lastSequence;
          expect(kept).toBeGreaterThanOrEqual(length < second ? 20 : 21);
          expect(await replay(again)).toEqual(range(1, kept));
          const torn =
            length + rest.length !== durable && length < intact.length && !(rest.length === 0 && length === second);
          expect(again.warnings).toHaveLength(torn && kept < 22 ? 1 : 0);
          await append(again, kept + 1, kept + 2);
          await again.close();
          const last = await open();
          expect(last.warnings).toEqual([]);
          expect(await replay(last)).toEqual(range(1, kept + 2));
          await last.close();
        }
      }
    });

    it('may keep later pages of the same write', async () => {
      const log = await open();
      await append(log, 1, 5);
      await append(log, 6, 9);
      await log.close();
      const path = join(folder, FIRST_SEGMENT);
      const bytes = await readFile(path);
      bytes[bytes.indexOf('record 7')]! ^= 1;
      await writeFile(path, bytes);
      const again = await open();
      expect(again.lastSequence).toBe(6);
      expect(again.warnings.join()).toMatch(
        /cut \d+ bytes off .*0000000000000001\.log behind sequence 6: the checksum/,
      );
      await again.close();
    });

    it('takes a half-made segment away', async () => {
      const log = await open();
      await append(log, 1, 5);
      await log.close();
      for (const torn of [Buffer.alloc(0), Buffer.from('TESSLOG'), Buffer.alloc(SEGMENT_HEADER_BYTES)]) {
        await writeFile(join(folder, '0000000000000006.log'), torn);
        const again = await open();
        expect(again.warnings).toHaveLength(1);
        expect(await segments()).toEqual([FIRST_SEGMENT]);
        expect(again.lastSequence).toBe(5);
        await again.close();
      }
    });
  });

  describe('damage to durable records', () => {
    const flipAt = async (name: string, find: string): Promise<number> => {
      const path = join(folder, name);
      const bytes = await readFile(path);
      const at = bytes.indexOf(find);
      bytes[at]! ^= 0x10;
      await writeFile(path, bytes);
      return at - RECORD_HEADER_BYTES;
    };

    it('in the last segment is refused at opening, with file and offset', async () => {
      const log = await open();
      for (let n = 1; n <= 30; n++) await append(log, n, n);
      await log.close();
      const offset = await flipAt(FIRST_SEGMENT, 'record 17');
      const refusal = await open().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CorruptLogError);
      expect(refusal).toMatchObject({ file: join(folder, FIRST_SEGMENT), offset });
    });

    it('in any byte is never taken for something else', async () => {
      const log = await open();
      for (let n = 1; n <= 6; n++) await append(log, n, n);
      await log.close();
      const path = join(folder, FIRST_SEGMENT);
      const intact = await readFile(path);
      const lastRecord = intact.length - RECORD_HEADER_BYTES - payload(6).length;
      for (let at = 0; at < lastRecord; at++) {
        const bytes = Buffer.from(intact);
        bytes[at]! ^= 1 << (at % 8);
        await writeFile(path, bytes);
        await expect(open()).rejects.toBeInstanceOf(CorruptLogError);
      }
      expect((await readFile(path)).length).toBe(intact.length);
    });

    it('in an earlier segment is refused at replay, if the replay needs it', async () => {
      const log = await open({ segmentBytesMax: 400 });
      for (let n = 1; n <= 60; n++) await append(log, n, n);
      await log.close();
      const [first, second, third] = await segments();
      await flipAt(second!, `record ${Number.parseInt(second!, 10) + 1} `);
      const again = await open();
      await expect(again.replay(0, () => undefined)).rejects.toBeInstanceOf(CorruptLogError);
      const after = Number.parseInt(third!, 10) - 1;
      expect(await replay(again, after)).toEqual(range(after + 1, 60));
      await again.close();
      await rm(join(folder, second!));
      const gap = await open();
      await expect(gap.replay(0, () => undefined)).rejects.toThrow(`${first!} is damaged`);
      await gap.close();
    });

    it('of an earlier segment cut short or swapped is refused', async () => {
      const log = await open({ segmentBytesMax: 400 });
      for (let n = 1; n <= 60; n++) await append(log, n, n);
      await log.close();
      const [first, second] = await segments();
      const intact = await readFile(join(folder, first!));
      await truncate(join(folder, first!), intact.length - 1);
      let again = await open();
      await expect(again.replay(0, () => undefined)).rejects.toThrow('incomplete record');
      await again.close();
      await copyFile(join(folder, second!), join(folder, first!));
      again = await open();
      await expect(again.replay(0, () => undefined)).rejects.toThrow('different sequences');
      await again.close();
    });

    it('includes a log of another data directory and of a newer format', async () => {
      const log = await open();
      await append(log, 1, 1);
      await log.close();
      await expect(open({ directoryId: 'fedcba9876543210' })).rejects.toThrow(
        'belongs to the data directory with id 0123',
      );
    });
  });
});
