import type { JsonValue } from '@tessera/tag-catalog';
import { freePort } from '../../support/services/free-port';
import { sleep } from '../measure/pauses';
import { ChildProgram } from './child-process';
import { KeepAliveConnection, readJson } from './keep-alive-connection';

const STANDALONE = 'apps/standalone/src/main';
const POLL_MS = 20;

/** The standalone server on a data directory, as a process of its own. */
export class BenchServer {
  private constructor(
    readonly program: ChildProgram,
    readonly url: string,
    private readonly connection: KeepAliveConnection,
  ) {}

  /** Resolves once it is ready. @param settings beside those of every bench. */
  static async start(
    dataDirectory: string,
    heapMb?: number,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<BenchServer> {
    const port = await freePort();
    const program = new ChildProgram(STANDALONE, [], {
      environment: {
        PORT: String(port),
        HOST: '127.0.0.1',
        DATA_DIR: dataDirectory,
        SAMPLE: 'none',
        LOG_LEVEL: 'warn',
        API_KEYS: '',
        ...settings,
      },
      node: heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`],
    });
    const url = `http://127.0.0.1:${port}`;
    try {
      return new BenchServer(program, url, await untilReady(program, url));
    } catch (error) {
      await program.end('SIGKILL');
      throw error;
    }
  }

  async declare(type: JsonValue): Promise<void> {
    readJson(await this.connection.request('POST', '/v1/tag-types', JSON.stringify(type)));
  }

  async count(expression: JsonValue): Promise<number> {
    const answer = await this.connection.request('POST', '/v1/segmentation/count', JSON.stringify({ expression }));
    return Number(readJson(answer)['count']);
  }

  /** In order, at the end of its own last checkpoint. */
  async stop(): Promise<void> {
    this.connection.close();
    await this.program.end('SIGTERM');
  }
}

async function untilReady(program: ChildProgram, url: string): Promise<KeepAliveConnection> {
  while (!program.hasEnded) {
    const connection = await KeepAliveConnection.open(url).catch(() => null);
    if (connection !== null) {
      const { status } = await connection.request('GET', '/health/ready');
      if (status === 200) return connection;
      connection.close();
    }
    await sleep(POLL_MS);
  }
  throw new Error(`The server ended:\n${program.errorOutput}`);
}
