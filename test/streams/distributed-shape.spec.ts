import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bindExpression, buildPlan, noReferences, ReferenceEngine, ReferenceStore } from '@tessera/audience';
import { StarrocksPool, tableOf } from '@tessera/starrocks-engine';
import { Catalog, declareTagType, formatInstant, parseMessage } from '@tessera/tag-catalog';
import type { TagMessage } from '@tessera/tag-catalog';
import { describeWithServer } from '../support/services/with-server';
import { SourceProcess } from '../support/source-process';
import { StarrocksStandInServer } from '../support/starrocks-standin/standin-server';
import { callApi } from './call-api';
import type { Answer } from './call-api';
import { INGEST_RUNS, startIngest } from './ingest-process';
import { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

const TEST_MS_MAX = 300_000;
const WAIT_MS_MAX = 120_000;
const MAIN = 'apps/segmentation-api/src/main.ts';
const IDENTITY = 'apps/mapping-worker/src/cli/identity.ts';
const LISTENS = /listening on (\S+)/;
const DATABASE = 'tessera';
const USERS = 300;
const DAY_MS = 86_400_000;

const TYPES: readonly object[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'town', valueType: 'string' },
      { name: 'level', valueType: 'int' },
      { name: 'spent', valueType: 'decimal', scale: 2 },
      { name: 'likes', valueType: 'set' },
      { name: 'born', valueType: 'date' },
    ],
  },
  { name: 'campaign', kind: 'kv', tags: [{ name: 'coupon', valueType: 'string' }] },
  {
    name: 'bought',
    kind: 'event',
    properties: [
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'shop', valueType: 'string' },
    ],
  },
];

const TOWNS = ['oslo', "l'aquila", '京都'];
const EXPRESSIONS: readonly object[] = [
  { all: true },
  { tag: 'town', op: 'eq', value: "l'aquila" },
  { and: [{ tag: 'level', op: 'gte', value: 5 }, { not: { tag: 'town', op: 'in', value: ['oslo', '京都'] } }] },
  { tag: 'likes', op: 'hasAny', value: ['tea', 'art'] },
  { not: { tag: 'coupon', op: 'exists' } },
  { tag: 'coupon', op: 'startsWith', value: 'c1' },
  { event: 'bought', op: 'gte', value: 2, window: { last: 'P3D' } },
  { event: 'bought', measure: { sum: 'amount' }, op: 'gt', value: 100.5 },
  { event: 'bought', op: 'eq', value: 0 },
  {
    or: [
      { tag: 'born', op: 'before', value: '1990-06-01' },
      { event: 'bought', where: [{ property: 'shop', op: 'eq', value: 's1' }], op: 'gte', value: 1 },
    ],
  },
  {
    atLeast: 2,
    of: [
      { tag: 'level', op: 'lt', value: 4 },
      { tag: 'coupon', op: 'exists' },
      { event: 'bought', op: 'gte', value: 3 },
    ],
  },
];

/** What is sent, and what the oracle is given. */
function messagesOf(user: number, nowMs: number): readonly object[] {
  const cuid = `user-${user}`;
  const time = (daysAgo: number): string => formatInstant(nowMs - daysAgo * DAY_MS - user);
  const person = {
    town: TOWNS[user % 3],
    ...(user % 4 === 0 ? {} : { level: user % 9 }),
    spent: (user * 37) / 100,
    likes: [['tea'], ['art', 'tea'], [], ['chess']][user % 4],
    born: `${1_960 + (user % 50)}-0${1 + (user % 9)}-15`,
  };
  const bought = Array.from({ length: user % 5 }, (_, n) => ({
    header: { type: 'bought', cuid, time: time(n), id: `buy-${n}` },
    body: { amount: user + n / 4, shop: `s${(user + n) % 3}` },
  }));
  return [
    { header: { type: 'person', cuid, time: time(20) }, body: person },
    { header: { type: 'person', cuid, time: time(10) }, body: { town: TOWNS[(user + 1) % 3], level: { $inc: 1 } } },
    ...(user % 3 === 0
      ? [{ header: { type: 'campaign', cuid, time: time(9) }, body: { coupon: `c${user % 20}` } }]
      : []),
    ...(user % 6 === 0 ? [{ header: { type: 'campaign', cuid, time: time(8) }, body: { coupon: null } }] : []),
    ...bought,
    // Once more: each counts once.
    ...bought.slice(0, 1),
  ];
}

describeWithServer(
  'The distributed shape, messages in and answers out, on a stand-in for StarRocks',
  StreamServers,
  (running) => {
    let servers: StreamServers;
    let folder = '';
    let standIn: StarrocksStandInServer;
    let processes: SourceProcess[] = [];
    let address = '';
    let offset = '';
    const nowMs = Date.now();
    const asOf = formatInstant(nowMs + 60_000);
    const oracle = new ReferenceStore({ nowMs: () => nowMs });
    const reference = new ReferenceEngine(oracle);
    let catalog = Catalog.empty;

    const call = (method: string, where: string, body?: unknown): Promise<Answer> =>
      callApi(address, method, where, body);

    beforeAll(async () => {
      servers = running();
      folder = await mkdtemp(path.join(tmpdir(), 'tessera-shape-'));
      standIn = await StarrocksStandInServer.create(path.join(folder, 'starrocks'));
      await standIn.start();
      const pool = new StarrocksPool({ urls: [standIn.mysqlUrl], database: null });
      await pool.run(`CREATE DATABASE \`${DATABASE}\``);
      await pool.close();
      await servers.createTopics({ 'tags.raw': 4 });
      const settings = {
        ...servers.settings,
        ...{ STARROCKS_URL: standIn.mysqlUrl, STARROCKS_DATABASE: DATABASE },
        ...{ STARROCKS_REPLICATION: '1', STARROCKS_BUCKETS: '1', STARROCKS_BATCH_MS: '200' },
      };
      // It asks a frontend that the workers don't write to.
      const asked = { PORT: '0', LOG_LEVEL: 'info', ...settings, STARROCKS_URL: standIn.followerUrl };
      const api = SourceProcess.start(MAIN, { environment: asked });
      const [worker, ingest] = [startWorker(servers.settings), startIngest(settings)];
      processes = [api, worker, ingest];
      address = (await api.printed(LISTENS))[1] ?? '';
      await Promise.all([worker.printed(WORKER_RUNS), ingest.printed(INGEST_RUNS)]);
      for (const type of TYPES) {
        expect((await call('POST', '/v1/tag-types', type)).status).toBe(201);
        const declared = declareTagType(catalog, type);
        if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
        catalog = declared.value;
      }
      await send(Array.from({ length: USERS }, (_, user) => messagesOf(user, nowMs)).flat());
    }, TEST_MS_MAX);

    afterAll(async () => {
      await Promise.all(processes.map((one) => one.end('SIGTERM')));
      await standIn.remove();
      await rm(folder, { recursive: true, force: true });
    }, TEST_MS_MAX);

    async function send(messages: readonly object[]): Promise<void> {
      const { status, json } = await call('POST', '/v1/messages', messages);
      expect([status, json.accepted]).toEqual([200, messages.length]);
      offset = json.offset;
      const parsed = messages.map((json): TagMessage => {
        const message = parseMessage(catalog, json, nowMs);
        if (message.kind !== 'message') throw new Error(JSON.stringify(message));
        return message.message;
      });
      await oracle.apply({ arrivalMs: nowMs, messages: parsed });
      await eventually(async () => {
        const { status: found } = await call('POST', '/v1/segmentation/count', {
          expression: { all: true },
          minOffset: offset,
        });
        expect(found).toBe(200);
      });
    }

    async function eventually(check: () => Promise<void>): Promise<void> {
      const untilMs = Date.now() + WAIT_MS_MAX;
      for (;;) {
        try {
          await check();
          return;
        } catch (error) {
          if (Date.now() > untilMs) throw new Error(processes.map((one) => one.output).join('\n'), { cause: error });
          await sleep(100);
        }
      }
    }

    /** The oracle's members, by cuid. */
    async function expected(expression: object): Promise<readonly string[]> {
      const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
      if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
      const { root } = buildPlan(bound.value, { asOfMs: nowMs + 60_000 });
      const { set } = await reference.materialise(root);
      return oracle
        .users()
        .filter(({ guid }) => set.has(guid))
        .map(({ cuid }) => cuid)
        .sort();
    }

    it.each(EXPRESSIONS.map((expression) => [JSON.stringify(expression), expression] as const))(
      'counts, lists and evaluates %s as the oracle does',
      async (_text, expression) => {
        const members = await expected(expression);
        const body = { expression, asOf, minOffset: offset };
        const counted = await call('POST', '/v1/segmentation/count', { ...body, perNode: true });
        expect(counted).toMatchObject({
          status: 200,
          json: { count: members.length, universe: USERS, engine: 'starrocks', dataVersion: expect.any(Number) },
        });
        expect(counted.json.nodes[0]).toMatchObject({ path: '', count: members.length });
        const listed: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await call('POST', '/v1/segmentation/members', {
            ...body,
            limit: 70,
            ...(cursor === undefined ? {} : { cursor }),
          });
          expect(page).toMatchObject({ status: 200, json: { count: members.length } });
          listed.push(...page.json.members);
          cursor = page.json.nextCursor;
        } while (cursor !== undefined);
        expect(listed.sort()).toEqual(members);
        const cuids = [...Array.from({ length: 40 }, (_, user) => `user-${user * 7}`), 'nobody'];
        for (const why of [false, true]) {
          const many = await call('POST', '/v1/users/evaluate-batch', { expression, asOf, cuids, why });
          const found = many.json.users.map(
            (user: { results: { member: boolean }[] } | null) => user?.results[0]?.member ?? null,
          );
          expect(found).toEqual(cuids.map((cuid) => (cuid === 'nobody' ? null : members.includes(cuid))));
        }
        const one = await call('POST', '/v1/users/user-7/evaluate', { expression, asOf });
        expect(one.json.results).toEqual([{ member: members.includes('user-7') }]);
      },
      TEST_MS_MAX,
    );

    it('shows users with tags, event totals and rows', async () => {
      const { json } = await call('GET', `/v1/users/user-4?minOffset=${offset}`);
      expect(json).toMatchObject({
        cuid: 'user-4',
        tags: { town: { value: TOWNS[2] }, level: { value: 1, time: null }, likes: { value: ['tea'] } },
        events: { bought: { count: 4, last: formatInstant(nowMs - 4) } },
        dataVersion: null,
      });
      const rows = await call('GET', '/v1/users/user-4/events?limit=3');
      expect(rows.json.events.map(({ properties }: { properties: object }) => properties)).toEqual(
        [0, 1, 2].map((n) => ({ amount: 4 + n / 4, shop: `s${(4 + n) % 3}` })),
      );
      const rest = await call('GET', `/v1/users/user-4/events?limit=3&cursor=${rows.json.nextCursor}`);
      expect(rest.json).toEqual({ events: [expect.objectContaining({ properties: { amount: 4.75, shop: 's1' } })] });
      expect((await call('GET', `/v1/users/user-5/events?cursor=${rows.json.nextCursor}`)).status).toBe(400);
    });

    it('shows tags with what is stored of them, their distribution, overlaps and the statements', async () => {
      const { json } = await call('GET', '/v1/tags?type=person');
      expect(json.tags.find(({ name }: { name: string }) => name === 'town')).toMatchObject({
        coverage: USERS,
        distinct: 3,
        placements: [{ engine: 'starrocks', bytes: null }],
      });
      const town = await call('GET', '/v1/tags/town/distribution');
      expect(town.json).toMatchObject({ universe: USERS, withValue: USERS, distinct: 3 });
      const [gold, buyers] = [EXPRESSIONS[2] ?? {}, EXPRESSIONS[6] ?? {}];
      const [inGold, inBuyers] = [await expected(gold), await expected(buyers)];
      const overlap = await call('POST', '/v1/segmentation/overlap', {
        asOf,
        sets: [
          { name: 'gold', expression: gold },
          { name: 'buyers', expression: buyers },
        ],
      });
      expect(overlap.json.pairs[0].count).toBe(inGold.filter((cuid) => inBuyers.includes(cuid)).length);
      const explained = await call('POST', '/v1/segmentation/explain', { expression: gold, asOf });
      expect(explained.json.sql).toMatch(/SELECT[^]*FROM `sys_users`/);
    });

    it('keeps lists', async () => {
      const lines = ['user-1', 'user-2', 'nobody', 'user-2'].map((cuid) => JSON.stringify(cuid)).join('\n');
      const made = await call('POST', '/v1/lists?name=few', lines);
      expect(made).toMatchObject({ status: 201, json: { matched: 2, unknown: 1, count: 2 } });
      const expression = { list: made.json.id };
      expect((await call('POST', '/v1/segmentation/count', { expression })).json.count).toBe(2);
      expect((await call('POST', '/v1/users/user-2/evaluate', { expression })).json.results).toEqual([
        { member: true },
      ]);
      expect((await call('POST', '/v1/users/user-3/evaluate', { expression, why: true })).json.results[0].member).toBe(
        false,
      );
      expect((await call('GET', '/v1/lists')).json.lists).toEqual([expect.objectContaining({ name: 'few', count: 2 })]);
      expect((await call('DELETE', `/v1/lists/${made.json.id}`)).status).toBe(200);
      expect((await call('POST', '/v1/segmentation/count', { expression })).status).toBe(404);
    });

    it(
      'forgets an erased user everywhere, and takes the cuid for a new one',
      async () => {
        const before = (await call('GET', '/v1/users/user-9')).json.guid;
        const { json } = await call('DELETE', '/v1/users/user-9');
        const all = { expression: { all: true }, minOffset: json.offset };
        await eventually(async () => {
          expect((await call('POST', '/v1/segmentation/count', all)).json.count).toBe(USERS - 1);
        });
        expect((await call('GET', '/v1/users/user-9')).status).toBe(404);
        await send([{ header: { type: 'person', cuid: 'user-9' }, body: { level: 7 } }]);
        const again = await call('GET', `/v1/users/user-9?minOffset=${offset}`);
        expect(again.json.tags).toEqual({ level: expect.objectContaining({ value: 7 }) });
        expect(again.json.guid).toBeGreaterThan(before);
        expect((await call('POST', '/v1/segmentation/count', { expression: { all: true } })).json.count).toBe(USERS);
      },
      TEST_MS_MAX,
    );

    it(
      'verifies, tells its status, and refuses to remove a type with data',
      async () => {
        await eventually(async () => {
          expect((await call('POST', '/v1/verify')).json).toMatchObject({
            findings: [],
            users: USERS,
            tagShards: null,
          });
        });
        const settings = { ...servers.settings, STARROCKS_URL: standIn.mysqlUrl, STARROCKS_DATABASE: DATABASE };
        const verified = await SourceProcess.run(IDENTITY, { argv: ['verify'], environment: settings });
        expect(verified).toMatchObject({
          code: 0,
          output: expect.stringContaining(`${USERS} users known in StarRocks`),
        });
        expect(verified.output).toContain('1 guids retired');
        const pool = new StarrocksPool({ urls: [standIn.mysqlUrl], database: DATABASE });
        await pool.write("INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (40000000, 'stranger')");
        const found = await SourceProcess.run(IDENTITY, { argv: ['verify'], environment: settings });
        await pool.write('DELETE FROM `sys_users` WHERE `sys_guid` = 40000000');
        await pool.close();
        expect(found).toMatchObject({ code: 1, output: expect.stringContaining('stranger has guid 40000000') });
        expect((await call('GET', '/v1/status')).json).toMatchObject({
          engine: 'starrocks',
          users: { known: USERS, bound: USERS },
          store: { mappingLag: expect.any(Number) },
        });
        expect((await call('DELETE', '/v1/tag-types/bought')).status).toBe(409);
        await call('POST', '/v1/tag-types', { name: 'unused', kind: 'event', properties: [] });
        expect((await call('DELETE', '/v1/tag-types/unused')).status).toBe(200);
        expect(await (await fetch(`${address}/metrics`)).text()).toContain(`tessera_users ${USERS}`);
      },
      TEST_MS_MAX,
    );

    it(
      'sees what a caller has written, whichever frontend is asked',
      async () => {
        const level = { expression: { tag: 'level', op: 'eq', value: 4_711 } };
        const leader = new StarrocksPool({ urls: [standIn.mysqlUrl], database: DATABASE });
        const found = `SELECT sys_guid FROM ${tableOf(catalog.type('person')!)} WHERE level = 4711`;
        const distinct = async (query: string): Promise<number> =>
          (await call('GET', `/v1/tags?type=person&query=level${query}`)).json.tags[0].distinct;
        const before = await distinct('');
        await standIn.letFollowerFallBehind();
        const message = { header: { type: 'person', cuid: 'user-11' }, body: { level: 4_711 } };
        const sent = await call('POST', '/v1/messages', [message]);
        await eventually(async () => {
          expect(await leader.rows(found)).toHaveLength(1);
        });
        await leader.close();
        expect((await call('POST', '/v1/segmentation/count', level)).json.count).toBe(0);
        expect(await distinct('')).toBe(before);
        const minOffset = String(sent.json.offset);
        expect((await call('POST', '/v1/segmentation/count', { ...level, minOffset })).json.count).toBe(1);
        expect(await distinct(`&minOffset=${minOffset}`)).toBe(before + 1);
      },
      TEST_MS_MAX,
    );

    it(
      'answers 503 while StarRocks is away, tags of single users all the same, and goes on when it is back',
      async () => {
        await standIn.kill();
        const count = await call('POST', '/v1/segmentation/count', { expression: { all: true } });
        expect(count).toMatchObject({ status: 503, retryAfter: '1' });
        expect((await call('GET', '/health/ready')).json.dependencies.starrocks.ok).toBe(false);
        const expression = { tag: 'level', op: 'eq', value: 7 };
        expect((await call('POST', '/v1/users/user-9/evaluate', { expression })).json.results).toEqual([
          { member: true },
        ]);
        expect((await fetch(`${address}/metrics`)).status).toBe(200);
        await standIn.start();
        await eventually(async () => {
          expect((await call('POST', '/v1/segmentation/count', { expression: { all: true } })).json.count).toBe(USERS);
        });
      },
      TEST_MS_MAX,
    );
  },
);
