import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonValue } from '@tessera/tag-catalog';

/** What `POST /v1/messages` answers. */
export interface MessagesAnswer {
  readonly accepted: number;
  readonly stale: number;
  readonly duplicate: number;
  readonly rejected: readonly { readonly index: number; readonly code: string; readonly detail: string }[];
}

export interface TesseraClientOptions {
  /** E.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly apiKey: string | null;
  /** Wait before the second try, ms; doubled with each further one. Default 500. */
  readonly retryDelayMs?: number;
}

/** Tessera could not be reached, or refused the request. `status` is 0 when there was no answer. */
export class TesseraRequestError extends Error {
  override readonly name = 'TesseraRequestError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const TRIES = 6;
const RETRY_DELAY_MS = 500;
const RETRY_DELAY_MS_MAX = 30_000;
const RETRIED_STATUSES = [429, 502, 503, 504];

/** The few calls of the HTTP API (docs: `/docs` of the server) that loading needs. */
export class TesseraClient {
  constructor(private readonly options: TesseraClientOptions) {}

  /** The tag type as declared, null if there is none. */
  async tagType(name: string): Promise<unknown> {
    const response = await this.#request('GET', `/v1/tag-types/${encodeURIComponent(name)}`, null);
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    await throwUnlessOk(response, `reading the tag type ${name}`);
    return await response.json();
  }

  async declareTagType(name: string, declaration: JsonValue): Promise<void> {
    const body = { type: 'application/json', text: JSON.stringify(declaration) };
    const response = await this.#request('POST', '/v1/tag-types', body);
    await throwUnlessOk(response, `declaring the tag type ${name}`);
    await response.body?.cancel();
  }

  /** Sends messages, one JSON text a line. Trying again is harmless for messages that carry an id and for plain writes. */
  async sendLines(lines: readonly string[]): Promise<MessagesAnswer> {
    const body = { type: 'application/x-ndjson', text: `${lines.join('\n')}\n` };
    const response = await this.#request('POST', '/v1/messages', body);
    await throwUnlessOk(response, 'sending messages');
    return parseMessagesAnswer(await response.json());
  }

  /** Tries again while the server is not to be reached, busy or draining, as long as `Retry-After` asks for. */
  async #request(method: string, path: string, body: { type: string; text: string } | null): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#fetch(method, path, body);
      if (outcome instanceof Response && !RETRIED_STATUSES.includes(outcome.status)) return outcome;
      if (attempt === TRIES) {
        if (outcome instanceof Response) return outcome;
        throw outcome;
      }
      const backoffMs = (this.options.retryDelayMs ?? RETRY_DELAY_MS) * 2 ** (attempt - 1);
      const askedMs = outcome instanceof Response ? Number(outcome.headers.get('retry-after') ?? 0) * 1_000 : 0;
      if (outcome instanceof Response) await outcome.body?.cancel();
      await sleep(Math.min(Math.max(backoffMs, askedMs || 0), RETRY_DELAY_MS_MAX));
    }
  }

  async #fetch(
    method: string,
    path: string,
    body: { type: string; text: string } | null,
  ): Promise<Response | TesseraRequestError> {
    const headers = new Headers();
    if (this.options.apiKey !== null) headers.set('authorization', `Bearer ${this.options.apiKey}`);
    if (body !== null) headers.set('content-type', body.type);
    try {
      return await fetch(new URL(path, this.options.url), { method, headers, body: body?.text ?? null });
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
      return new TesseraRequestError(
        `No answer from ${this.options.url} (${reason}); start Tessera there with "npm start", or give its address with --url`,
        0,
      );
    }
  }
}

async function throwUnlessOk(response: Response, what: string): Promise<void> {
  if (response.ok) return;
  const text = await response.text();
  throw new TesseraRequestError(`${response.status} when ${what}: ${text.slice(0, 2_000)}`, response.status);
}

function parseMessagesAnswer(json: unknown): MessagesAnswer {
  const fields = new Map<string, unknown>(typeof json === 'object' && json !== null ? Object.entries(json) : []);
  const rejected = fields.get('rejected');
  return {
    accepted: countOf(fields.get('accepted')),
    stale: countOf(fields.get('stale')),
    duplicate: countOf(fields.get('duplicate')),
    rejected: Array.isArray(rejected) ? rejected.map(parseRejection) : [],
  };
}

/** `stale` and `duplicate` are null in the distributed shape. */
function countOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function parseRejection(json: unknown): MessagesAnswer['rejected'][number] {
  const fields = new Map<string, unknown>(typeof json === 'object' && json !== null ? Object.entries(json) : []);
  return {
    index: countOf(fields.get('index')),
    code: String(fields.get('code')),
    detail: String(fields.get('detail')),
  };
}
