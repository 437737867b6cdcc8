import { SourceProcess } from '../../../../test/support/source-process';

const PROGRAM = 'libs/platform/src/worker/testing/worker-without-start.ts';
const END_MS_MAX = 60_000;

describe('runWorker', () => {
  it('ends the process of a worker that can not be started, whatever it has opened', async () => {
    const worker = SourceProcess.start(PROGRAM, { environment: { PORT: '0', HOST: '127.0.0.1', API_KEYS: '' } });
    await worker.printed(/newer release/, END_MS_MAX);
    // One that goes on is ended here, and has no exit code then.
    const late = setTimeout(() => worker.signal('SIGKILL'), 30_000);
    const ended = await worker.ended();
    clearTimeout(late);
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('the tables are of a newer release');
  });

  it('ends with 2 for wrong settings', async () => {
    const ended = await SourceProcess.run(PROGRAM, { environment: { PORT: 'none', API_KEYS: '' } });
    expect([ended.code, ended.output]).toEqual([2, expect.stringContaining('PORT')]);
  });
});
