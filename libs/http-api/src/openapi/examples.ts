// Examples of bodies and answers, as the OpenAPI document shows them.

export const TAG_TYPE_EXAMPLE = {
  name: 'customer',
  kind: 'profile',
  labels: { en: 'Customer', zh: '客户' },
  tags: [
    { name: 'city', valueType: 'string', labels: { en: 'City' } },
    { name: 'level', valueType: 'enum', values: ['bronze', 'silver', 'gold'] },
    { name: 'last_seen', valueType: 'datetime', ttl: 'P90D' },
  ],
};

export const TAG_TYPE_PATCH_EXAMPLE = {
  tags: [
    { name: 'level', valueType: 'enum', values: ['platinum'] },
    { name: 'birthday', valueType: 'date' },
  ],
};

export const TAG_EXAMPLE = {
  name: 'city',
  valueType: 'string',
  kind: 'profile',
  type: 'customer',
  coverage: 187_431,
  distinct: 312,
  freshness: { target: 'P1D', ageSeconds: 42, met: true },
  lastWrite: '2026-11-01T08:00:00Z',
  placements: [{ engine: 'embedded', place: 'profileColumn', primary: true, bytes: 1_200_000 }],
};

const CITY_SHARES = {
  tag: 'city',
  distinct: 2,
  withValue: 1_800,
  missing: 200,
  values: [
    { value: 'beijing', count: 1_200, share: 0.6, lift: 1.5 },
    { value: 'shanghai', count: 600, share: 0.3, lift: 0.9 },
  ],
  histogram: [],
};

export const TAG_DISTRIBUTION_EXAMPLE = {
  ...CITY_SHARES,
  universe: 2_000,
  asOf: '2026-11-01T00:00:00Z',
  dataVersion: 812,
};

export const MESSAGE_EXAMPLE = {
  header: { type: 'customer', cuid: 'c000001', time: '2026-11-01T08:00:00Z' },
  body: { city: 'beijing', level: 'gold' },
};

export const MESSAGES_ANSWER_EXAMPLE = {
  accepted: 1,
  stale: 0,
  duplicate: 0,
  offset: 'AAAAAAAAAywd7aGqYB0Q…',
  rejected: [{ index: 1, code: 'unknownType', detail: 'there is no tag type "custmer"; did you mean "customer"?' }],
};

const ANSWER = { asOf: '2026-11-01T00:00:00Z', dataVersion: 812 };
const HASH = '5f2c…';

export const VALIDATE_EXAMPLE = {
  valid: true,
  errors: [],
  normalised: { tag: 'city', op: 'in', value: ['beijing', 'shanghai'] },
  hash: HASH,
  windows: [],
  text: 'city is one of beijing, shanghai',
};

export const COUNT_EXAMPLE = {
  count: 1_374,
  universe: 200_000,
  ...ANSWER,
  hash: HASH,
  tookMs: 1.2,
  engine: 'embedded',
  nodes: [
    { path: '', count: 1_374 },
    { path: '/and/0', count: 61_220, missing: 12_569 },
    { path: '/and/1', count: 4_512 },
  ],
};

export const EXPLAIN_EXAMPLE = {
  plan: 'intersect\n  profile scan customer: city is one of beijing, shanghai\n  event scan order_paid: count ≥ 3',
  rewrites: [{ name: 'orderByCost', reason: 'the scan of one column comes before the rows' }],
  sql: null,
  windows: [{ path: '/and/1', from: '2026-10-25T00:00:00.001Z', to: '2026-11-01T00:00:00.001Z' }],
  text: 'all of: city is one of beijing, shanghai; order_paid at least 3 times in the last 7 days',
  hash: HASH,
  asOf: ANSWER.asOf,
};

export const MEMBERS_EXAMPLE = {
  members: ['c000001', 'c000017'],
  nextCursor: 'kq3…',
  count: 1_374,
  hash: HASH,
  ...ANSWER,
};

export const DISTRIBUTION_EXAMPLE = { count: 2_000, universe: 200_000, ...ANSWER, tags: [CITY_SHARES] };

export const OVERLAP_EXAMPLE = {
  sets: [
    { name: 'frequent', count: 100 },
    { name: 'golden', count: 50 },
  ],
  pairs: [{ a: 'frequent', b: 'golden', count: 20, shareOfA: 0.2, shareOfB: 0.4, jaccard: 0.154 }],
  regions: [
    { in: ['frequent'], count: 80 },
    { in: ['golden'], count: 30 },
    { in: ['frequent', 'golden'], count: 20 },
  ],
  universe: 200_000,
  ...ANSWER,
};

export const USER_EXAMPLE = {
  cuid: 'c000001',
  guid: 1,
  tags: {
    city: { value: 'beijing', time: '2026-11-01T08:00:00Z', status: 'value' },
    last_seen: { value: null, time: '2026-01-01T08:00:00Z', status: 'expired' },
  },
  events: { order_paid: { count: 12, last: '2026-10-30T19:21:07Z' } },
};

export const USER_EVENTS_EXAMPLE = {
  events: [{ type: 'order_paid', time: '2026-10-30T19:21:07Z', properties: { amount: 129.9, category: 'toys' } }],
  nextCursor: 'AAABm…',
};

export const EVALUATE_EXAMPLE = { results: [{ member: true }], ...ANSWER };

export const EVALUATE_BATCH_EXAMPLE = { users: [{ cuid: 'c000001', results: [{ member: true }] }, null], ...ANSWER };

export const ERASURE_EXAMPLE = { receipt: 'pT0…', erasedAt: '2026-11-01T08:00:00Z', offset: 'AAAAAAAAAy0d7aGq…' };

export const LIST_EXAMPLE = { id: 'list_1', name: 'newsletter', count: 9_801, createdAt: '2026-11-01T08:00:00Z' };

export const LIST_CREATED_EXAMPLE = { ...LIST_EXAMPLE, matched: 9_801, unknown: 199 };

export const STATUS_EXAMPLE = {
  engine: 'embedded',
  dataVersion: 812,
  users: { known: 200_000, bound: 200_000 },
  tagTypes: 4,
  tags: 21,
  messagesPerSecond: 120.5,
  lag: 0,
  rememberedIds: { count: 8_113, max: 50_000_000 },
  dataDirectory: { bytes: 412_000_000 },
  memory: {
    used: 620_000_000,
    limit: 19_327_352_832,
    resident: 910_000_000,
    tags: { 'customer.city': 3_400_000, 'customer.level': 2_900_000 },
    events: { purchase: 88_000_000 },
    writeTimes: 4_200_000,
    identity: 26_000_000,
    ids: 71_000_000,
    lists: 0,
    caches: 120_000,
    reads: 0,
    evictions: 0,
    refusesWrites: false,
  },
  versions: { tessera: '0.1.0', node: 'v20.20.2', catalog: 9 },
  uptimeSeconds: 3_600,
  store: {},
};

export const VERIFICATION_EXAMPLE = {
  findings: [],
  users: 200_000,
  tagShards: 21,
  eventRows: 3_012_340,
  tookMs: 1_841.5,
  dataVersion: 812,
};
