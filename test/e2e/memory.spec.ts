import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningServer } from '../support/running-server';

const REQUESTS_A_ROUND = 1000;
const ROUNDS = 5;
const AT_ONCE = 16;
const TIMEOUT_MS = 180_000;
/** Less than three rounds would leave behind if each request kept one kilobyte. */
const GROWTH_BYTES_MAX = 2 * 1024 * 1024;

/** A different question each time: other constants, sometimes a wrong one. */
function questionOf(number: number): readonly [path: string, body: unknown] {
  const expression = {
    and: [
      { tag: 'spend', op: 'between', value: [number, number + 500] },
      { not: { tag: 'name', op: 'contains', value: `x${number}` } },
      { event: 'visit', op: 'gte', value: number % 3, window: { last: `PT${(number % 900) + 1}S` } },
    ],
  };
  switch (number % 5) {
    case 0:
      return ['/v1/segmentation/count', { expression, perNode: true }];
    case 1:
      return ['/v1/segmentation/members', { expression, limit: 10 }];
    case 2:
      return ['/v1/segmentation/validate', { expression: { tag: `tag_${number}`, op: 'eq', value: 1 } }];
    case 3:
      return [`/v1/users/u${number % 100}/evaluate`, { expression, why: true }];
    default:
      return ['/v1/segmentation/distribution', { expression, tags: ['spend'] }];
  }
}

describe('a server that is asked many questions', () => {
  let directory: string;
  let server: RunningServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tessera-memory-'));
    server = await RunningServer.start(directory, {
      node: ['--expose-gc', '--require', join(__dirname, 'report-heap.cjs')],
    });
    await server.ask('POST', '/v1/tag-types', {
      name: 'person',
      kind: 'profile',
      tags: [
        { name: 'spend', valueType: 'int' },
        { name: 'name', valueType: 'string' },
      ],
    });
    await server.ask('POST', '/v1/tag-types', { name: 'visit', kind: 'event', properties: [] });
    const messages = Array.from({ length: 2000 }, (_, number) => [
      { header: { type: 'person', cuid: `u${number}` }, body: { spend: number, name: `name${number}` } },
      { header: { type: 'visit', cuid: `u${number}` }, body: {} },
    ]).flat();
    const { body } = await server.ask('POST', '/v1/messages', messages);
    expect(body).toMatchObject({ accepted: 4000 });
  });

  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });

  /** Bytes on the heap and beside it after a full collection, as the server itself reports them on SIGUSR2. */
  async function usedBytes(): Promise<number> {
    const reports = (): readonly string[] => server.output.match(/heap-bytes \d+/g) ?? [];
    const before = reports().length;
    server.signal('SIGUSR2');
    while (reports().length === before) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return Number(reports().at(-1)?.split(' ')[1]);
  }

  async function askRound(round: number): Promise<void> {
    const numbers = Array.from({ length: REQUESTS_A_ROUND }, (_, index) => round * REQUESTS_A_ROUND + index);
    const worker = async (): Promise<void> => {
      for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
        const [path, body] = questionOf(number);
        const { status } = await server.ask('POST', path, body);
        expect(status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  it(
    'uses no more memory after the last round than after the second',
    async () => {
      const used: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await askRound(round);
        used.push(await usedBytes());
      }
      const growth = (used.at(-1) ?? 0) - (used[1] ?? 0);
      expect({ used, growth: growth < GROWTH_BYTES_MAX }).toEqual({ used, growth: true });
    },
    TIMEOUT_MS,
  );
});
