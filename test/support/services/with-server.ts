import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NativeServer } from './native-server';

/** A kind of server. */
interface ServerKind<S extends NativeServer> {
  /** Why this machine can't run it; null: it can. */
  lacks(): string | null;
  create(folder: string): Promise<S>;
}

const START_MS_MAX = 300_000;

/**
 * Tests with a server of their own, started before them, stopped and deleted after them. Where the machine can't run it they are
 * left out, loudly; under CI that is a failure, since nobody would read the message there.
 */
export function describeWithServer<S extends NativeServer>(
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

    afterAll(async () => {
      await server?.remove();
      await rm(folder, { recursive: true, force: true });
    });

    suite(() => {
      if (server === null) throw new Error('The server is there from the first test on.');
      return server;
    });
  });
}
