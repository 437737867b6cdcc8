import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** One server, or several that belong together. */
export interface TestServer {
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
}

interface ServerKind<S extends TestServer> {
  /** Why this machine can't run it; null: it can. */
  lacks(): string | null;
  create(folder: string): Promise<S>;
}

const START_MS_MAX = 400_000;
const STOP_MS_MAX = 120_000;

/**
 * Tests with a server of their own, started before them, stopped and deleted after them. Where the machine can't run it they are
 * left out, loudly; under CI that is a failure, since nobody would read the message there.
 */
export function describeWithServer<S extends TestServer>(
  title: string,
  kind: ServerKind<S>,
  suite: (server: () => S) => void,
): void {
  const reason = kind.lacks();
  if (reason !== null && process.env['CI'] !== 'true') {
    process.stderr.write(`\nSKIPPED: ${title}: ${reason}\n`);
    describe.skip(`${title} (skipped: ${reason})`, () => {
      it('needs the server', () => undefined);
    });
    return;
  }
  describe(title, () => {
    let folder = '';
    let server: S | null = null;

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'tessera-server-'));
      server = await kind.create(path.join(folder, 'server'));
      await server.start();
    }, START_MS_MAX);

    suite(() => {
      if (server === null) throw new Error('The server is there from the first test on.');
      return server;
    });

    // Behind those of the suite.
    afterAll(async () => {
      await server?.remove();
      await rm(folder, { recursive: true, force: true });
    }, STOP_MS_MAX);
  });
}
