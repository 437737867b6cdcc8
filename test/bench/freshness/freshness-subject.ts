import type { JsonValue, TagMessage } from '@tessera/tag-catalog';
import { formatInstant } from '@tessera/tag-catalog';
import { ConnectionPool } from '../http/connection-pool';
import { readJson } from '../http/keep-alive-connection';
import { fieldOf } from '../store/bench-store';
import type { BenchStore, TypeDeclaration } from '../store/bench-store';
import { cuidOfUser } from '../users/user-population';

/** A tag that numbers the messages: each gives another user its own number. */
export const PING_TYPE: TypeDeclaration = {
  name: 'ping',
  kind: 'profile',
  tags: [{ name: 'ping_number', valueType: 'int' }],
};

/** Users and numbers of one batch. */
export interface PingBatch {
  readonly firstNumber: number;
  readonly users: readonly number[];
}

export interface FreshnessSubject {
  /** Resolves when the batch is acknowledged, with what a count needs to wait for it. */
  send(batch: PingBatch): Promise<string>;
  count(expression: JsonValue, after?: string): Promise<number>;
  close(): void;
}

export function pingExpression({ firstNumber, users }: PingBatch): JsonValue {
  return { tag: 'ping_number', op: 'between', value: [firstNumber, firstNumber + users.length - 1] };
}

export class InProcessFreshness implements FreshnessSubject {
  constructor(private readonly store: BenchStore) {}

  async send({ firstNumber, users }: PingBatch): Promise<string> {
    const type = this.store.type(PING_TYPE.name);
    const field = fieldOf(type, 'ping_number');
    const arrivalMs = Date.now();
    const messages = users.map((user, at): TagMessage => ({
      type,
      cuid: cuidOfUser(user),
      timeMs: arrivalMs,
      id: null,
      fields: [{ op: 'set', field, value: firstNumber + at }],
    }));
    await this.store.engine.apply({ arrivalMs, messages });
    return '';
  }

  async count(expression: JsonValue): Promise<number> {
    return await this.store.count(expression);
  }

  close(): void {
    // The store belongs to whoever opened it.
  }
}

/** The server takes 16 uploads at once; a caller that knows keeps within it. */
const UPLOADS_AT_ONCE = 12;
const COUNTS_AT_ONCE = 16;

/** A request a batch, over connections that stay open. */
export class HttpFreshness implements FreshnessSubject {
  readonly #uploads: ConnectionPool;
  readonly #counts: ConnectionPool;

  constructor(url: string) {
    this.#uploads = new ConnectionPool(url, UPLOADS_AT_ONCE);
    this.#counts = new ConnectionPool(url, COUNTS_AT_ONCE);
  }

  async send({ firstNumber, users }: PingBatch): Promise<string> {
    const time = formatInstant(Date.now());
    const messages = users.map((user, at) => ({
      header: { type: PING_TYPE.name, cuid: cuidOfUser(user), time },
      body: { ping_number: firstNumber + at },
    }));
    const answer = readJson(await this.#uploads.request('POST', '/v1/messages', JSON.stringify(messages)));
    if (answer['accepted'] !== users.length) throw new Error(`Not all accepted: ${JSON.stringify(answer)}`);
    return String(answer['offset']);
  }

  async count(expression: JsonValue, after?: string): Promise<number> {
    const body = JSON.stringify({ expression, ...(after === undefined ? {} : { minOffset: after }) });
    return Number(readJson(await this.#counts.request('POST', '/v1/segmentation/count', body))['count']);
  }

  close(): void {
    this.#uploads.close();
    this.#counts.close();
  }
}
