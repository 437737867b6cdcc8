import { RedisConnection } from './redis-connection';

describe('RedisConnection', () => {
  it.each([
    ['a server', ['redis://127.0.0.1:1'] as const],
    ['a Cluster', ['redis://127.0.0.1:1', 'redis://127.0.0.1:2'] as const],
  ])('says why nobody can be asked, when that is waited for: %s', async (_what, urls) => {
    const connection = await RedisConnection.open(urls);
    try {
      await expect(connection.ready(700)).rejects.toThrow(
        /no connection to Redis within 0\.7 s.*(?:ECONNREFUSED|refresh)/,
      );
    } finally {
      connection.close();
    }
  });
});
