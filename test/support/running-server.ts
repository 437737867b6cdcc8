import { SourceProcess } from './source-process';
import type { Ended, SourceProcessOptions } from './source-process';

const MAIN = 'apps/standalone/src/main.ts';
const LISTENS = /listening on (http:\S+)/;

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** The standalone server as a process of its own, on a free port, without a sample unless told. */
export class RunningServer {
  private constructor(
    private readonly process: SourceProcess,
    readonly url: string,
  ) {}

  /** Resolves once it listens. @throws Error with what it printed if it does not. */
  static async start(dataDirectory: string, options: SourceProcessOptions = {}): Promise<RunningServer> {
    const process = SourceProcess.start(MAIN, {
      ...options,
      environment: {
        ...{ PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDirectory, SAMPLE: 'none', LOG_LEVEL: 'warn' },
        ...options.environment,
      },
    });
    try {
      const [, url = ''] = await process.printed(LISTENS);
      return new RunningServer(process, url);
    } catch (error) {
      await process.end('SIGKILL');
      throw error;
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** All that it printed so far. */
  get output(): string {
    return this.process.output;
  }

  /** Sends JSON (or the text given) on a connection of its own and reads JSON back. */
  async ask(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { Connection: 'close', ...(body === undefined ? {} : { 'Content-Type': contentType }) },
      ...(body === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: answer === '' ? undefined : JSON.parse(answer),
    };
  }

  async count(expression: unknown): Promise<number> {
    const { status, body } = await this.ask('POST', '/v1/segmentation/count', { expression });
    if (status !== 200) throw new Error(`count answered ${status}: ${JSON.stringify(body)}`);
    return Number(body.count);
  }

  signal(name: NodeJS.Signals): void {
    this.process.signal(name);
  }

  /** SIGTERM, then the exit code. */
  stop(): Promise<Ended> {
    return this.process.end('SIGTERM');
  }

  kill(): Promise<Ended> {
    return this.process.end('SIGKILL');
  }
}
