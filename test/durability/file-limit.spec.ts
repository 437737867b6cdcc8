import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectKept } from './expect-kept';
import { RunningServer } from '../support/running-server';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const ROOT = join(__dirname, '..', '..');
const SERVER_LIMIT = 64;
const PATIENCE_MS = 20_000;

/** It may still be letting go of connections that are gone. */
async function untilAnswering(server: RunningServer): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await server.ask('GET', '/health/live');
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('the limit of file descriptors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-limit-'));
  const path = join(folder, 'data');
  let server: RunningServer | null = null;

  afterAll(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`refuses what takes a file, keeps the rest going, and is over without a restart (seed ${SEED})`, async () => {
    const script = ['-r', './test/support/register-swc.cjs', 'test/durability/meet-faults.ts', 'descriptors', path];
    const command = ['ulimit -n 80 && exec "$0" "$@"', process.execPath, ...script, String(SEED)];
    const met = JSON.parse(execFileSync('sh', ['-c', ...command], { cwd: ROOT }).toString());
    const tooMany = { message: expect.stringContaining('EMFILE: too many open files') };
    expect(met).toMatchObject({
      before: 'done',
      write: 'done',
      checkpoint: { name: 'StoreUnavailableError', retriable: true, ...tooMany },
      writeAfterwards: 'done',
      users: true,
      open: tooMany,
      writeAtLast: 'done',
      checkpointAtLast: 'done',
      findings: [],
    });
    await expectKept(path, SEED, met.applied);
  }, 300_000);

  it('reached by connections is survived by the server', async () => {
    server = await RunningServer.start(join(folder, 'served'), { shell: `ulimit -n ${SERVER_LIMIT}` });
    const sockets: Socket[] = [];
    for (let n = 0; n < 2 * SERVER_LIMIT; n++) {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    sockets.forEach((socket) => socket.destroy());
    await untilAnswering(server);
    const person = { name: 'person', kind: 'profile', tags: [{ name: 'city', valueType: 'string' }] };
    expect((await server.ask('POST', '/v1/tag-types', person)).status).toBe(201);
    const message = { header: { type: 'person', cuid: 'a' }, body: { city: 'oslo' } };
    expect(await server.ask('POST', '/v1/messages', [message])).toMatchObject({ status: 200, body: { accepted: 1 } });
    expect((await server.stop()).code).toBe(0);
    server = null;
  }, 300_000);
});
