import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountSmall, tellSkipped, unmount } from './mount';
import { RunningServer } from '../support/running-server';
import type { Answer } from '../support/running-server';

const DISK_MB = 40;
const ATTEMPTS_MAX = 500;
const PERSON = { name: 'person', kind: 'profile', tags: [{ name: 'city', valueType: 'string' }] };
const LATER = { name: 'later', kind: 'profile', tags: [{ name: 'colour', valueType: 'string' }] };

/** Takes all space that is left. */
function fill(disk: string): void {
  const file = openSync(join(disk, 'filler'), 'w');
  try {
    for (const bytes of [1_000_000, 4_096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(bytes));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

describe('a full disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-full-'));
  const disk = join(folder, 'disk');
  let server: RunningServer | null = null;
  let missing: string | null = null;
  /** Users whose message was acknowledged. */
  let users = 0;

  beforeAll(async () => {
    await mkdir(disk);
    missing = mountSmall(disk, DISK_MB);
  });
  afterAll(async () => {
    await server?.kill();
    if (missing === null) unmount(disk);
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<RunningServer> => (server = await RunningServer.start(join(disk, 'data')));
  const send = async (running: RunningServer): Promise<Answer> => {
    const cuids = Array.from({ length: 50 }, (_, n) => `user-${users + n}`);
    const messages = cuids.map((cuid) => ({ header: { type: 'person', cuid }, body: { city: 'oslo' } }));
    const answer = await running.ask('POST', '/v1/messages', messages);
    if (answer.status === 200) users += cuids.length;
    return answer;
  };
  const count = async (running: RunningServer): Promise<unknown> =>
    (await running.ask('POST', '/v1/segmentation/count', { expression: { tag: 'city', op: 'eq', value: 'oslo' } })).body
      .count;
  /** Sends until the disk takes no more. */
  const sendUntilRefused = async (running: RunningServer): Promise<Answer> => {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const answer = await send(running);
      if (answer.status !== 200) return answer;
    }
    throw new Error(`the full disk took ${ATTEMPTS_MAX} requests`);
  };

  it('refuses writes with the reason, answers reads, and is over without a restart', async () => {
    if (missing !== null) {
      tellSkipped(missing);
      return;
    }
    const running = await start();
    expect((await running.ask('POST', '/v1/tag-types', PERSON)).status).toBe(201);
    for (let n = 0; n < 20; n++) expect((await send(running)).status).toBe(200);
    for (let round = 0; round < 3; round++) {
      fill(disk);
      const refused = await sendUntilRefused(running);
      expect(refused).toMatchObject({ status: 503, body: { type: 'urn:tessera:problem:unavailable' } });
      expect(refused.body.detail).toMatch(/no space left on device.*nothing of it was kept; free disk space/);
      expect(Number(refused.retryAfter)).toBeGreaterThan(0);
      expect(await count(running)).toBe(users);
      expect((await running.ask('GET', '/v1/users/user-7')).status).toBe(200);
      expect(await running.ask('GET', '/health/ready')).toMatchObject({ status: 503 });
      expect((await running.ask('POST', '/v1/verify')).body).toMatchObject({ findings: [] });
      rmSync(join(disk, 'filler'));
      expect((await send(running)).status).toBe(200);
      expect(await count(running)).toBe(users);
    }
    expect((await running.ask('POST', '/v1/tag-types', LATER)).status).toBe(201);
  }, 300_000);

  it('is no obstacle to a start, and loses nothing over kill -9', async () => {
    if (missing !== null || server === null) {
      tellSkipped(missing ?? 'no server');
      return;
    }
    fill(disk);
    await sendUntilRefused(server);
    await server.kill();
    const again = await start();
    expect(await count(again)).toBe(users);
    expect((await sendUntilRefused(again)).status).toBe(503);
    rmSync(join(disk, 'filler'));
    expect((await send(again)).status).toBe(200);
    expect(await count(again)).toBe(users);
  }, 300_000);

  it('at the end keeps the last checkpoint from being made, not the data', async () => {
    if (missing !== null || server === null) {
      tellSkipped(missing ?? 'no server');
      return;
    }
    fill(disk);
    await sendUntilRefused(server);
    await server.stop();
    rmSync(join(disk, 'filler'));
    const again = await start();
    expect(await count(again)).toBe(users);
    expect((await again.ask('POST', '/v1/verify')).body).toMatchObject({ findings: [] });
    expect((await again.stop()).code).toBe(0);
    server = null;
  }, 300_000);
});
