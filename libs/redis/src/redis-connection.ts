import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

const COMMAND_TIMEOUT_MS = 5_000;
const RETRY_MS_MAX = 1_000;
const READY_MS_MAX = 60_000;

/** For commands: whoever has typed a wrong address or password wants to know. */
export const TYPED_READY_MS_MAX = 10_000;

/** What a script is given beside its key. */
export type ScriptArguments = readonly (Buffer | string)[];

/** One connection (of a Cluster: one to each node) on which scripts are run. A command that gets no answer fails; none is sent twice. */
export class RedisConnection {
  readonly #client: Redis | Cluster;
  readonly #digests = new Map<string, string>();
  /** Why there was no connection last. */
  #trouble = 'no answer';

  private constructor(client: Redis | Cluster) {
    this.#client = client;
    // Failures are told to those whose commands fail, or who wait.
    client.on('error', (error: Error) => {
      this.#trouble = error.message;
    });
  }

  /** Connects in the background and again whenever the connection is lost. @param urls one: a server (its URL, or the path of its Unix socket); several: nodes of a Cluster. */
  static async open(urls: readonly [string, ...string[]]): Promise<RedisConnection> {
    // Loaded by those alone who use it.
    const { Cluster, Redis } = await import('ioredis');
    const options = {
      commandTimeout: COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // What Redis estimates while it reads its file may be far too long, and it would be believed up to 10 s.
      maxLoadingRetryTime: RETRY_MS_MAX,
      retryStrategy: (times: number) => Math.min(RETRY_MS_MAX, 50 * times),
    };
    if (urls.length === 1) return new RedisConnection(new Redis(urls[0], options));
    return new RedisConnection(new Cluster([...urls], { redisOptions: options, enableOfflineQueue: false }));
  }

  /** Resolves once commands can be sent. @throws Error that says why, if it takes longer. */
  async ready(msMax = READY_MS_MAX): Promise<void> {
    if (this.#client.status === 'ready') return;
    await new Promise<void>((resolve, reject) => {
      const ready = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#client.off('ready', ready);
        reject(new Error(`no connection to Redis within ${msMax / 1_000} s: ${this.#trouble}`));
      }, msMax);
      this.#client.once('ready', ready);
    });
  }

  close(): void {
    this.#client.disconnect();
  }

  async numbers(script: string, key: string, items: ScriptArguments): Promise<readonly number[]> {
    const answer = await this.#run(script, key, items);
    if (!Array.isArray(answer) || !answer.every((item) => typeof item === 'number')) throw unexpected(answer);
    return answer;
  }

  async number(script: string, key: string, items: ScriptArguments): Promise<number> {
    const answer = await this.#run(script, key, items);
    if (typeof answer !== 'number') throw unexpected(answer);
    return answer;
  }

  async text(script: string, key: string, items: ScriptArguments): Promise<string> {
    const answer = await this.#run(script, key, items);
    if (!Buffer.isBuffer(answer)) throw unexpected(answer);
    return answer.toString();
  }

  async bytes(script: string, key: string, items: ScriptArguments): Promise<Buffer> {
    const answer = await this.#run(script, key, items);
    if (!Buffer.isBuffer(answer)) throw unexpected(answer);
    return answer;
  }

  /** Null: what the script gave as `false`. */
  async manyBytes(script: string, key: string, items: ScriptArguments): Promise<readonly (Buffer | null)[]> {
    const answer = await this.#run(script, key, items);
    if (!Array.isArray(answer)) throw unexpected(answer);
    return answer.map((item: unknown) => {
      if (item !== null && !Buffer.isBuffer(item)) throw unexpected(item);
      return item;
    });
  }

  /** By the script's digest; its text is sent when the server does not know it. Strings come as bytes. */
  async #run(script: string, key: string, items: ScriptArguments): Promise<unknown> {
    let digest = this.#digests.get(script);
    if (digest === undefined) {
      digest = createHash('sha1').update(script).digest('hex');
      this.#digests.set(script, digest);
    }
    try {
      return await this.#client.callBuffer('evalsha', digest, 1, key, ...items);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.#client.callBuffer('eval', script, 1, key, ...items);
    }
  }
}

function unexpected(answer: unknown): Error {
  return new Error(`an answer of a shape that the script does not give: ${typeof answer}`);
}
