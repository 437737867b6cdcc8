import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

// Where rows and lists of single users have to be fetched, answers are the same as where they are at hand.

const USERS = ['ann', 'nobody', 'bob', 'cleo', 'dan'];
const GOLD = { tag: 'level', op: 'eq', value: 'gold' };
const BUYER = { event: 'order_paid', op: 'gte', value: 1 };
const EXPRESSIONS: readonly object[] = [
  { all: true },
  GOLD,
  { not: { tag: 'cart', op: 'exists' } },
  BUYER,
  { and: [GOLD, { event: 'order_paid', op: 'gte', value: 2, window: { last: 'P2D' } }] },
  { or: [GOLD, { event: 'page_view', op: 'eq', value: 0 }] },
  { sequence: [{ event: 'order_paid' }, { event: 'page_view' }], within: 'P1D', window: { last: 'P7D' } },
  { event: 'order_paid', measure: { lastTime: '*' }, op: 'before', value: '2026-10-01T00:00:00Z' },
];
const AUDIENCES: Readonly<Record<string, object>> = { gold: GOLD, buyers: BUYER };

let apis: readonly ReferenceApi[] = [];
beforeAll(async () => {
  const references = {
    audience: (id: string) => {
      const expression = AUDIENCES[id];
      return Promise.resolve(
        expression === undefined
          ? undefined
          : { id, version: 1, expression: JSON.parse(JSON.stringify(expression)), timeZone: null, params: {} },
      );
    },
    hasSnapshot: () => Promise.resolve(false),
    hasList: () => Promise.resolve(true),
  };
  apis = await Promise.all(
    (['near', 'far'] as const).map((rows) => startReferenceApi({ rows, ports: { references } })),
  );
  for (const api of apis) {
    await fillSmallShop(api);
    api.store.putList('chosen', ['ann', 'dan', 'nobody']);
  }
});
afterAll(async () => {
  for (const api of apis) await api.close();
});

async function askBoth(path: string, body: object): Promise<readonly unknown[]> {
  const answers = await Promise.all(apis.map((api) => request(api.server).post(`/v1/users/${path}`).send(body)));
  return answers.map(({ status, body: answer }) => ({ status, ...answer }));
}

async function expectSame(path: string, body: object): Promise<unknown> {
  const [near, far] = await askBoth(path, body);
  expect(far).toEqual(near);
  return near;
}

it.each([...EXPRESSIONS, { list: 'chosen' }].map((expression) => [JSON.stringify(expression), expression] as const))(
  'evaluates %s the same',
  async (_text, expression) => {
    const all = await expectSame('evaluate-batch', { cuids: USERS, expression });
    expect(all).toMatchObject({ status: 200, dataVersion: 2, users: [{}, null, {}, {}, {}] });
    await expectSame('evaluate-batch', { cuids: USERS, expression, why: true });
    for (const cuid of USERS) {
      for (const why of [true, false]) await expectSame(`${cuid}/evaluate`, { expression, why });
    }
  },
);

it('puts answers about tags and about rows together in the order asked for', async () => {
  const answer = await expectSame('evaluate-batch', { cuids: USERS, audiences: ['buyers', 'gold', 'buyers'] });
  expect(answer).toMatchObject({
    dataVersion: 2,
    users: [
      {
        results: [
          { audience: 'buyers', member: true },
          { audience: 'gold', member: true },
          { audience: 'buyers', member: true },
        ],
      },
      null,
      { results: [{ member: true }, { member: false }, { member: true }] },
      { results: [{ member: false }, { member: false }, { member: false }] },
      {},
    ],
  });
  await expectSame('nobody/evaluate', { audiences: ['buyers', 'gold'] });
  await expectSame('ann/evaluate', { audiences: ['gold', 'buyers'], why: true });
});
