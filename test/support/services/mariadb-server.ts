import { existsSync } from 'node:fs';
import path from 'node:path';
import { accepts, launch } from './background-process';
import { freePort } from './free-port';
import { runProgram } from './command';
import { lacksProgram, programOfPackage } from './debian-package';
import { NativeServer } from './native-server';
import type { ServerRecord } from './native-server';

const START_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;
const PACKAGE = 'mariadb-server';
const DATABASE = 'tessera';

/** A real MariaDB with an empty database and an administrator without a password. */
export class MariaDbServer extends NativeServer {
  static lacks(): string | null {
    return lacksProgram('mariadbd', PACKAGE);
  }

  static async create(folder: string): Promise<MariaDbServer> {
    return new MariaDbServer(folder, await freePort(), STOP_MS_MAX);
  }

  static of({ folder, port, pid }: ServerRecord): MariaDbServer {
    return new MariaDbServer(folder, port, STOP_MS_MAX).adopt(pid);
  }

  get url(): string {
    return `mysql://root@127.0.0.1:${this.port}/${DATABASE}`;
  }

  protected async launch(): Promise<number> {
    const { folder, port } = this;
    const program = await programOfPackage('mariadbd', PACKAGE);
    const data = path.join(folder, 'data');
    const socket = path.join(folder, 'sock');
    // A server that starts deletes what others have in the same folder of temporary tables.
    const environment = { TMPDIR: folder };
    const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
    if (!existsSync(path.join(data, 'mysql'))) {
      const install = await programOfPackage('mariadb-install-db', PACKAGE);
      const options = ['--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=${data}`];
      await runProgram(install, ['--no-defaults', ...options, ...asRoot], { environment });
    }
    const network = ['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${socket}`, '--skip-name-resolve'];
    const client = await programOfPackage('mariadb', PACKAGE);
    const statement = `CREATE DATABASE IF NOT EXISTS ${DATABASE} CHARACTER SET utf8mb4`;
    // It accepts connections, and drops them, a moment before it answers.
    const answers = (): Promise<boolean> =>
      runProgram(client, ['--no-defaults', '-u', 'root', `--socket=${socket}`, '-e', statement]).then(
        () => true,
        () => false,
      );
    return launch({
      program,
      argv: ['--no-defaults', `--datadir=${data}`, ...network, ...asRoot],
      folder,
      environment,
      logFile: path.join(folder, 'mariadb.log'),
      isReady: async () => (await accepts(port)) && (await answers()),
      timeoutMs: START_MS_MAX,
    });
  }
}
