import { Random } from '../../../apps/standalone/src/sample/random';
import type { BenchUsers } from '../bench-users';
import { BenchServer } from '../http/bench-server';
import { ChildProgram } from '../http/child-process';
import { KeepAliveConnection, readJson } from '../http/keep-alive-connection';
import type { HttpAnswer } from '../http/keep-alive-connection';
import type { Report } from '../framework/report';
import { Samples } from '../measure/samples';
import { drawRule } from '../store/bench-rules';
import { cuidOfUser } from '../users/user-population';
import { requestsPerSecond } from './request-load';
import type { LoadRequest } from './request-load';

const CONNECTIONS = 16;
const ROUNDS = 5;
const RATIO_TARGET = 0.7;
const BATCH_CUIDS = 100;
/** One answer in so many is read and compared; reading all of them would slow down the sender. */
const CHECK_EVERY = 64;
const INDEX_AT = cuidOfUser(0).indexOf('-') + 1;

export interface HttpLookupSizes {
  /** Of one round of one kind of request. */
  readonly roundMs: number;
  readonly seed: number;
}

interface Kind {
  readonly name: string;
  readonly ours: () => LoadRequest;
  readonly empty: () => LoadRequest;
  /** @returns false if the answer is wrong. */
  readonly isRight: (request: LoadRequest, body: { readonly [key: string]: unknown }) => boolean;
  readonly target?: number;
}

/** The same load in turn on the server and on a Nest application whose endpoints do nothing. */
export async function measureHttpLookups(
  directory: string,
  users: BenchUsers,
  { roundMs, seed }: HttpLookupSizes,
  report: Report,
): Promise<void> {
  const server = await BenchServer.start(directory);
  const peer = new ChildProgram('test/bench/lookup/empty-endpoint', []);
  try {
    const peerUrl = await peer.lineAfter('listening ');
    const [ours, empty] = await Promise.all([server.url, peerUrl].map(openAll));
    for (const kind of kinds(users, seed)) {
      const result = await compareKind(kind, ours ?? [], empty ?? [], roundMs);
      report.note(
        `HTTP, ${kind.name}: ${Math.round(result.ours).toLocaleString('en-US')} requests/s, the empty Nest endpoint ` +
          `${Math.round(result.empty).toLocaleString('en-US')}/s (medians of ${ROUNDS} rounds, ${CONNECTIONS} connections)`,
      );
      report.figure({
        name: `HTTP, ${kind.name} / empty Nest endpoint`,
        value: result.ours / result.empty,
        unit: '×',
        ...(kind.target === undefined ? {} : { target: { atLeast: kind.target } }),
      });
      report.check(`HTTP, ${kind.name}, wrong answers of ${result.checked} read`, result.wrong, 0);
    }
    for (const connection of [...(ours ?? []), ...(empty ?? [])]) connection.close();
  } finally {
    await peer.end('SIGKILL');
    await server.stop();
  }
}

async function compareKind(
  kind: Kind,
  ours: readonly KeepAliveConnection[],
  empty: readonly KeepAliveConnection[],
  roundMs: number,
): Promise<{ ours: number; empty: number; wrong: number; checked: number }> {
  const [oursRates, emptyRates] = [new Samples(), new Samples()];
  let [wrong, checked, seen] = [0, 0, 0];
  const check = (request: LoadRequest, answer: HttpAnswer): void => {
    seen += 1;
    if (answer.status !== 200) wrong += 1;
    else if (seen % CHECK_EVERY === 0) {
      checked += 1;
      if (!kind.isRight(request, readJson(answer))) wrong += 1;
    }
  };
  const demandAnswered = (_request: LoadRequest, { status }: HttpAnswer): void => {
    if (status !== 200) throw new Error(`The empty endpoint answered ${status}`);
  };
  // The first round warms both up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const emptyRate = await requestsPerSecond(empty, roundMs, kind.empty, demandAnswered);
    const oursRate = await requestsPerSecond(ours, roundMs, kind.ours, check);
    if (round === 0) continue;
    emptyRates.add(emptyRate);
    oursRates.add(oursRate);
  }
  return { ours: oursRates.spread().p50, empty: emptyRates.spread().p50, wrong, checked };
}

function kinds(users: BenchUsers, seed: number): readonly Kind[] {
  const random = new Random(seed, 6);
  const cuid = (): string => cuidOfUser(random.between(0, users.users - 1));
  const batch = (): string =>
    JSON.stringify({ cuids: Array.from({ length: BATCH_CUIDS }, cuid), tags: ['gender', 'spend'] });
  const rule = drawRule(random, true);
  const expression = JSON.stringify({ expression: rule.expression });
  const evaluate = (): LoadRequest => ({ method: 'POST', path: `/v1/users/${cuid()}/evaluate`, json: expression });
  return [
    {
      name: 'GET one user',
      ours: () => ({ method: 'GET', path: `/v1/users/${cuid()}` }),
      empty: () => ({ method: 'GET', path: `/empty/${cuid()}` }),
      isRight: ({ path }, body) => isUser(users, path.slice(path.lastIndexOf('/') + 1), body),
      target: RATIO_TARGET,
    },
    {
      name: 'evaluate one user',
      ours: evaluate,
      empty: () => ({ method: 'POST', path: '/empty', json: expression }),
      isRight: ({ path }, body) => {
        const expected = rule.matches(users, indexOf(path.split('/')[3] ?? ''));
        return JSON.stringify(body['results']).includes(`"member":${expected}`);
      },
      target: RATIO_TARGET,
    },
    {
      name: `batch of ${BATCH_CUIDS} users, 2 tags of each`,
      ours: () => ({ method: 'POST', path: '/v1/users/batch', json: batch() }),
      empty: () => ({ method: 'POST', path: '/empty', json: batch() }),
      isRight: ({ json = '' }, body) => isBatch(users, json, body),
    },
  ];
}

function isBatch(users: BenchUsers, asked: string, body: { readonly [key: string]: unknown }): boolean {
  const { cuids } = JSON.parse(asked) as { readonly cuids: readonly string[] };
  const found = body['users'] as readonly { readonly [key: string]: unknown }[];
  return found.length === cuids.length && cuids.every((cuid, at) => isUser(users, cuid, found[at] ?? {}));
}

/** Every tag shown has the value of the column. */
function isUser(users: BenchUsers, cuid: string, body: { readonly [key: string]: unknown }): boolean {
  const index = indexOf(cuid);
  const tags = body['tags'] as { readonly [tag: string]: { readonly value: unknown } | undefined };
  return (
    body['cuid'] === cuid &&
    tags['gender']?.value === users.gender[index] &&
    Number(tags['spend']?.value) === (users.spendCents[index] ?? 0) / 100
  );
}

function indexOf(cuid: string): number {
  return Number(cuid.slice(INDEX_AT));
}

async function openAll(url: string): Promise<readonly KeepAliveConnection[]> {
  return await Promise.all(Array.from({ length: CONNECTIONS }, async () => await KeepAliveConnection.open(url)));
}
