import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { StarrocksError, withoutSecrets } from '../connection/starrocks-error';

export interface StreamLoadOptions {
  /** Frontends over HTTP, tried in turn. */
  readonly urls: readonly string[];
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** How long a load may take; StarRocks is told. */
  readonly timeoutMs: number;
}

export interface StreamLoadRequest {
  readonly table: string;
  readonly label: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Asked when StarRocks has begun the load and waits for the rows; false: they are not sent. */
  readonly mayGo: () => boolean;
}

/** What StarRocks says of a load. */
export interface StreamLoadAnswer {
  readonly status: string;
  readonly message: string;
  /** Of a load that was there under the same label: `RUNNING`, `FINISHED`. */
  readonly existingStatus: string;
  readonly loadedRows: number;
  readonly errorUrl: string;
  /** Number of its transaction; null: none is named. */
  readonly transaction: string | null;
}

const REDIRECTS_MAX = 3;
const REDIRECTED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const ANSWER_BYTES_MAX = 1_048_576;

/** The rows were not sent: `mayGo` said no. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** Stream Load over HTTP. The frontend sends on to a backend; credentials go with it, the rows only to who says `100 Continue`. */
export class StreamLoadClient {
  #turn = 0;

  constructor(private readonly options: StreamLoadOptions) {}

  /** @throws StarrocksError (`unreachable`: nothing was begun; `lost`, `late`: not known), NotSentError. */
  async load(load: StreamLoadRequest): Promise<StreamLoadAnswer> {
    const { urls, database } = this.options;
    const frontend = urls[this.#turn % urls.length] ?? '';
    let url = new URL(`/api/${database}/${load.table}/_stream_load`, frontend);
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const answer = await this.#put(url, load).catch((error: unknown) => {
        this.#turn++;
        throw error;
      });
      if (typeof answer === 'string') return this.#read(answer);
      url = answer;
    }
    throw new StarrocksError(`Stream Load of ${load.table}: more than ${REDIRECTS_MAX} redirects`, 'unreachable');
  }

  /**
   * What StarRocks says of the load that has the label: `PREPARE`, `PREPARED`, `COMMITTED`, `VISIBLE`, `ABORTED`, `UNKNOWN` (there is none). It is the leader of
   * the frontends who says so. @throws StarrocksError
   */
  async stateOf(label: string): Promise<string> {
    const { urls, database } = this.options;
    const frontend = urls[this.#turn % urls.length] ?? '';
    let url = new URL(`/api/${database}/get_load_state?label=${encodeURIComponent(label)}`, frontend);
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const answer = await this.#get(url).catch((error: unknown) => {
        this.#turn++;
        throw error;
      });
      if (typeof answer === 'string') {
        const said = this.#json(answer);
        const state = textOf(said['state']);
        if (state !== '') return state;
        const why = withoutSecrets(textOf(said['message'] ?? said['msg']), [this.options.password]);
        throw new StarrocksError(`StarRocks does not tell the state of the load ${label}: ${why}`, 'lost');
      }
      url = answer;
    }
    throw new StarrocksError(`the state of a load: more than ${REDIRECTS_MAX} redirects`, 'unreachable');
  }

  /** @returns what was said, or where to go. */
  #get(url: URL): Promise<string | URL> {
    const { user, password, timeoutMs } = this.options;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        const why = error instanceof Error ? error.message : String(error);
        reject(new StarrocksError(withoutSecrets(`the state of a load at ${url.host}: ${why}`, [password]), 'lost'));
      };
      const request = send(url, {
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: { Authorization: authorizationOf(user, password) },
      });
      request.on('error', fail);
      request.on('response', (response) => {
        answerOf(request, response, url).then(resolve, fail);
      });
      request.end();
    });
  }

  /** @returns what was said, or where to go. */
  #put(url: URL, load: StreamLoadRequest): Promise<string | URL> {
    const { user, password, timeoutMs } = this.options;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      let isSent = false;
      const request = send(url, {
        method: 'PUT',
        agent: false,
        headers: {
          ...load.headers,
          'Content-Length': load.body.length,
          Authorization: authorizationOf(user, password),
          Expect: '100-continue',
          label: load.label,
          timeout: String(Math.ceil(timeoutMs / 1_000)),
        },
      });
      const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs / 1_000} s`), 'late'), timeoutMs);
      const fail = (error: Error, kind: 'lost' | 'late'): void => {
        clearTimeout(timer);
        request.destroy();
        const text = withoutSecrets(`Stream Load at ${url.host}: ${error.message}`, [password]);
        // Without its rows a load comes to nothing.
        reject(new StarrocksError(text, isSent ? kind : 'unreachable'));
      };
      request.on('error', (error) => fail(error, 'lost'));
      request.on('continue', () => {
        if (load.mayGo()) {
          isSent = true;
          request.end(load.body);
        } else {
          clearTimeout(timer);
          request.destroy();
          reject(new NotSentError('the claim was checked too long ago'));
        }
      });
      request.on('response', (response) => {
        answerOf(request, response, url).then(
          (answer) => {
            clearTimeout(timer);
            resolve(answer);
          },
          (error: unknown) => fail(error instanceof Error ? error : new Error(String(error)), 'lost'),
        );
      });
      request.flushHeaders();
    });
  }

  #json(text: string): Record<string, unknown> {
    try {
      const said: unknown = JSON.parse(text);
      if (said !== null && typeof said === 'object') return said as Record<string, unknown>;
    } catch {
      // As below.
    }
    const start = withoutSecrets(text, [this.options.password]).slice(0, 200);
    throw new StarrocksError(`Stream Load: no JSON but ${start}`, 'lost');
  }

  /** Never trusts the HTTP status: errors come with 200 too. */
  #read(text: string): StreamLoadAnswer {
    const said = this.#json(text);
    return {
      status: textOf(said['Status']),
      message: withoutSecrets(textOf(said['Message'] ?? said['msg']), [this.options.password]),
      existingStatus: textOf(said['ExistingJobStatus']),
      loadedRows: Number(said['NumberLoadedRows'] ?? 0),
      errorUrl: textOf(said['ErrorURL']),
      transaction: transactionOf(said['TxnId']),
    };
  }
}

function authorizationOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function transactionOf(value: unknown): string | null {
  return typeof value === 'number' && value > 0 ? String(value) : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function answerOf(request: ClientRequest, response: IncomingMessage, url: URL): Promise<string | URL> {
  const { statusCode = 0, headers } = response;
  const isRedirect = REDIRECTED.has(statusCode) && headers.location !== undefined;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    bytes += (part as Buffer).length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('an answer of more than 1 MB');
    parts.push(part as Buffer);
  }
  request.destroy();
  if (!isRedirect) return Buffer.concat(parts).toString('utf8');
  const target = new URL(headers.location ?? '', url);
  // Who may read the credentials on their way may not be chosen by who answers.
  const isSafe = target.protocol === 'https:' || (target.protocol === 'http:' && url.protocol === 'http:');
  if (!isSafe)
    throw new Error(
      `sends on from ${url.protocol}//${url.host} to ${target.protocol}//${target.host}, which is not followed`,
    );
  // Some frontends put the credentials into the address.
  target.username = '';
  target.password = '';
  return target;
}
