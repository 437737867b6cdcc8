import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runMapping } from './mapping-run';
import { StreamServers } from './stream-servers';

const TEST_MS_MAX = 400_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const reason = StreamServers.lacks();
const isLeftOut = reason !== null && process.env['CI'] !== 'true';
if (isLeftOut) process.stderr.write(`\nSKIPPED: mapping workers on real servers: ${reason}\n`);

(isLeftOut ? describe.skip : describe)(`Mapping workers on real servers (SEED=${SEED})`, () => {
  let folder = '';
  let servers: StreamServers;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tessera-streams-'));
    servers = await StreamServers.start(folder);
  }, TEST_MS_MAX);

  afterAll(async () => {
    await servers.remove();
    await rm(folder, { recursive: true, force: true });
  }, TEST_MS_MAX);

  it(
    'lose nothing, double nothing and give out one guid a cuid, however often they and Redis are killed',
    async () => {
      const summary = await runMapping(servers, {
        ...{ partitions: 8, messages: 30_000, cuids: 5_000, kills: 4, redisKills: 1, seed: SEED },
        say: () => undefined,
      });
      expect(summary.messages).toBe(30_000);
      expect(summary.cuids).toBeGreaterThan(4_900);
    },
    TEST_MS_MAX,
  );
});
