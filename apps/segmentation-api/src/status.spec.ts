import { setTimeout as sleep } from 'node:timers/promises';
import { DistributedStatus } from './status';

const lag = (records: number): { readonly topic: string; readonly partition: number; readonly records: number } => ({
  topic: 't',
  partition: 0,
  records,
});

describe('DistributedStatus', () => {
  it('adds up what the workers have before them', async () => {
    const lags = [
      { name: 'mappingLag', read: () => Promise.resolve([lag(2), lag(3)]) },
      { name: 'ingestLag', read: () => Promise.resolve([lag(10)]) },
    ];
    const status = new DistributedStatus({
      ...{ lags, bound: () => Promise.resolve(7) },
      rememberedIds: () => Promise.resolve(8),
    });
    expect(await status.status()).toMatchObject({
      ...{ usersBound: 7, rememberedIds: 8, lag: 15 },
      details: { mappingLag: 5, ingestLag: 10 },
    });
  });

  it('tells what it knows: of what fails, or does not answer, null', async () => {
    const lags = [
      { name: 'mappingLag', read: () => new Promise<never>(() => undefined) },
      { name: 'ingestLag', read: () => Promise.resolve([lag(10)]) },
    ];
    const status = new DistributedStatus({
      ...{ lags, bound: () => Promise.resolve(7) },
      rememberedIds: () => Promise.reject(new Error('away')),
    });
    expect(await Promise.race([status.status(), sleep(9_000, 'no answer')])).toMatchObject({
      ...{ usersBound: 7, rememberedIds: null, lag: null },
      details: { mappingLag: null, ingestLag: 10 },
    });
  });
});
