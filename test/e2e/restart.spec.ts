import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningServer } from '../support/running-server';
import { SourceProcess } from '../support/source-process';

const VERIFY = 'apps/standalone/src/cli/verify.ts';
const BUYERS = { event: 'purchase', op: 'gte', value: 2 };

describe('the standalone server as a process', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tessera-restart-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('loads the shop once and keeps it over a stop and a kill', async () => {
    const environment = { SAMPLE: 'shop' };
    const first = await RunningServer.start(directory, { argv: ['--customers', '2000'], environment });
    expect(await first.count({ all: true })).toBe(2000);
    const buyers = await first.count(BUYERS);
    expect(buyers).toBeGreaterThan(0);
    expect((await first.stop()).code).toBe(0);

    const second = await RunningServer.start(directory, { environment });
    expect([await second.count({ all: true }), await second.count(BUYERS)]).toEqual([2000, buyers]);
    const written = await second.ask('POST', '/v1/messages', [
      { header: { type: 'purchase', cuid: 'late-comer', id: '1' }, body: {} },
    ]);
    expect(written.body).toMatchObject({ accepted: 1 });
    await second.kill();

    const third = await RunningServer.start(directory, { environment });
    expect([await third.count({ all: true }), await third.count(BUYERS)]).toEqual([2001, buyers]);
    const again = await third.ask('POST', '/v1/messages', [
      { header: { type: 'purchase', cuid: 'late-comer', id: '1' }, body: {} },
    ]);
    expect(again.body).toMatchObject({ accepted: 0, duplicate: 1 });
    const blocked = await SourceProcess.run(VERIFY, { argv: ['--data-dir', directory] });
    expect([blocked.code, blocked.output]).toEqual([2, expect.stringContaining(directory)]);
    await third.stop();
    const verified = await SourceProcess.run(VERIFY, { argv: ['--data-dir', directory] });
    expect([verified.code, verified.output]).toEqual([0, expect.stringContaining('all agree')]);
  });

  it('continues a sample load that was killed, without doubling anything', async () => {
    const argv = ['--customers', '3000'];
    const whole = await RunningServer.start(directory, { argv, environment: { SAMPLE: 'shop' } });
    const expected = [await whole.count({ all: true }), await whole.count(BUYERS)];
    await whole.stop();
    await rm(directory, { recursive: true });
    const starting = RunningServer.start(directory, { argv, environment: { SAMPLE: 'shop' } }).then(
      (server) => server.kill(),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await starting;
    const after = await RunningServer.start(directory, { argv, environment: { SAMPLE: 'shop' } });
    expect(await after.count({ all: true })).toBe(expected[0]);
    await after.stop();
  });

  it('refuses to listen to the world without keys, and prints its options', async () => {
    const refused = await SourceProcess.run('apps/standalone/src/main.ts', {
      environment: { HOST: '0.0.0.0', DATA_DIR: directory, API_KEYS: '' },
    });
    expect([refused.code, refused.output]).toEqual([expect.any(Number), expect.stringContaining('API_KEYS')]);
    expect(refused.code).not.toBe(0);
    const help = await SourceProcess.run('apps/standalone/src/main.ts', { argv: ['--help'] });
    expect(help.code).toBe(0);
    for (const name of ['PORT', 'HOST', 'DATA_DIR', 'SAMPLE', 'API_KEYS', 'TZ_DEFAULT', 'LOG_LEVEL']) {
      expect(help.output).toContain(name);
    }
  });
});
