import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import type { EngineFactory, EngineSetup, EngineUnderTest, RestartMode } from './engine-under-test';
import { ScatteredIdentity } from './scattered-identity';

/** The embedded engine on a data directory of its own. */
export const embeddedFactory: EngineFactory = {
  name: 'embedded',
  async open(setup): Promise<EngineUnderTest> {
    const path = await mkdtemp(join(tmpdir(), 'tessera-conformance-'));
    return new EmbeddedUnderTest(path, setup, await Opened.open(path, setup));
  },
};

class Opened {
  private constructor(
    readonly directory: DataDirectory,
    readonly engine: EmbeddedEngine,
  ) {}

  static async open(path: string, setup: EngineSetup): Promise<Opened> {
    const directory = await DataDirectory.open(path);
    const identity =
      setup.usersPerShard === undefined
        ? new LocalIdentity({ seed: directory.secret.readUInt32LE(0) })
        : new ScatteredIdentity(setup.usersPerShard);
    try {
      const engine = await EmbeddedEngine.open({
        directory,
        catalog: setup.catalog,
        identity,
        clock: setup.nowMs,
        checkpointLogBytes: 0,
      });
      return new Opened(directory, engine);
    } catch (error) {
      await directory.close();
      throw error;
    }
  }
}

class EmbeddedUnderTest implements EngineUnderTest {
  readonly name = 'embedded';
  readonly restarts: readonly RestartMode[] = ['replay', 'checkpoint'];

  constructor(
    private readonly path: string,
    private readonly setup: EngineSetup,
    private opened: Opened,
  ) {}

  get store(): EmbeddedEngine {
    return this.opened.engine;
  }

  get engine(): EmbeddedEngine {
    return this.opened.engine;
  }

  get users(): EmbeddedEngine {
    return this.opened.engine;
  }

  get lists(): EmbeddedEngine['lists'] {
    return this.opened.engine.lists;
  }

  async restart(mode: RestartMode): Promise<void> {
    const { engine, directory } = this.opened;
    await (mode === 'replay' ? engine.abandon() : engine.close());
    await directory.close();
    this.opened = await Opened.open(this.path, this.setup);
  }

  async verify(): Promise<readonly string[]> {
    return this.opened.engine.verify().findings;
  }

  async close(): Promise<void> {
    try {
      await this.opened.engine.abandon();
      await this.opened.directory.close();
    } finally {
      await rm(this.path, { recursive: true, force: true });
    }
  }
}
