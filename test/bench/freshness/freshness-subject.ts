import type { JsonValue, TagMessage } from '@tessera/tag-catalog';
import { formatInstant } from '@tessera/tag-catalog';
import { KeepAliveConnection, readJson } from '../http/keep-alive-connection';
import { userCuid } from '../store/bench-population';
import { fieldOf } from '../store/bench-store';
import type { BenchStore, TypeDeclaration } from '../store/bench-store';

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
    const messages = users.map(
      (user, at): TagMessage => ({
        type,
        cuid: userCuid(user),
        timeMs: arrivalMs,
        id: null,
        fields: [{ op: 'set', field, value: firstNumber + at }],
      }),
    );
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

/** Requests of 25 messages each over connections that stay open, as many as are needed at once. */
export class HttpFreshness implements FreshnessSubject {
  readonly #idle: KeepAliveConnection[] = [];
  readonly #all: KeepAliveConnection[] = [];

  constructor(private readonly url: string) {}

  async send({ firstNumber, users }: PingBatch): Promise<string> {
    const time = formatInstant(Date.now());
    const messages = users.map((user, at) => ({
      header: { type: PING_TYPE.name, cuid: userCuid(user), time },
      body: { ping_number: firstNumber + at },
    }));
    const answer = await this.#post('/v1/messages', messages);
    if (answer['accepted'] !== users.length) throw new Error(`Not all accepted: ${JSON.stringify(answer)}`);
    return String(answer['offset']);
  }

  async count(expression: JsonValue, after?: string): Promise<number> {
    const minOffset = after === undefined ? {} : { minOffset: after };
    return Number((await this.#post('/v1/segmentation/count', { expression, ...minOffset }))['count']);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  async #post(path: string, json: unknown): Promise<{ readonly [key: string]: unknown }> {
    const connection = this.#idle.pop() ?? (await this.#open());
    const answer = await connection.request('POST', path, JSON.stringify(json));
    this.#idle.push(connection);
    return readJson(answer);
  }

  async #open(): Promise<KeepAliveConnection> {
    const connection = await KeepAliveConnection.open(this.url);
    this.#all.push(connection);
    return connection;
  }
}
