import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import { mountReadOnly, tellSkipped, unmount } from './mount';
import { expectKept } from './expect-kept';
import { RunningServer } from '../support/running-server';
import { SourceProcess } from '../support/source-process';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const ROOT = join(__dirname, '..', '..');
const REGISTER = ['-r', './test/support/register-swc.cjs'];

describe('a read-only directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-ro-'));

  // The one who meets the fault is not root, and must get to its folder.
  beforeAll(() => chmodSync(folder, 0o711));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`refuses what it must, keeps the rest going, and is over without a restart (seed ${SEED})`, async () => {
    const path = join(folder, 'private', 'data');
    const script = [...REGISTER, 'test/durability/meet-faults.ts', 'permissions', path, String(SEED)];
    const met = JSON.parse(execFileSync(process.execPath, script, { cwd: ROOT }).toString());
    expect(met).toMatchObject({
      before: 'done',
      write: 'done',
      checkpoint: {
        name: 'StoreUnavailableError',
        retriable: true,
        message: expect.stringContaining('EACCES: permission denied'),
      },
      writeAfterwards: 'done',
      users: true,
      writeAtLast: 'done',
      checkpointAtLast: 'done',
      findings: [],
    });
    await expectKept(path, SEED, met.applied);
  }, 300_000);

  it('is no place to start a server on, but can be read, verified and copied', async () => {
    const path = join(folder, 'original');
    const medium = join(folder, 'medium');
    await mkdir(medium);
    const first = await RunningServer.start(path);
    const person = { name: 'person', kind: 'profile', tags: [{ name: 'city', valueType: 'string' }] };
    expect((await first.ask('POST', '/v1/tag-types', person)).status).toBe(201);
    const message = { header: { type: 'person', cuid: 'a' }, body: { city: 'oslo' } };
    expect((await first.ask('POST', '/v1/messages', [message])).status).toBe(200);
    await first.kill();
    const missing = mountReadOnly(path, medium);
    if (missing !== null) {
      tellSkipped(missing);
      return;
    }
    try {
      const refusal = await RunningServer.start(medium).catch((error: unknown) => error);
      expect(String(refusal)).toMatch(/ended with 1:\s.*lock can't be written .*EROFS.*must be writable/);
      expect(String(refusal)).not.toContain('    at async');
      const reader = await DataDirectory.open(medium, { readOnly: true });
      expect(await reader.log.replay(0, () => undefined)).toEqual({ records: 1 });
      await expect(reader.documents.put('a', 1)).rejects.toThrow('opened read-only');
      expect(() => reader.chunks.stage()).toThrow('opened read-only');
      await reader.close();
      const restored = await SourceProcess.run('apps/standalone/src/cli/restore.ts', {
        argv: [medium, '--to', join(folder, 'restored')],
      });
      expect(restored).toMatchObject({ code: 0, output: expect.stringContaining('1 users') });
    } finally {
      unmount(medium);
    }
  }, 300_000);
});
