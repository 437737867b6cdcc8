import { DataDirectory } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import { CATALOG, CLOCK_MS } from './workload';

/** Opens the embedded engine for the workload; its catalogue is fixed. */
export async function openEngine(
  path: string,
): Promise<{ engine: EmbeddedEngine; directory: DataDirectory; identity: LocalIdentity }> {
  const directory = await DataDirectory.open(path);
  const identity = new LocalIdentity({ seed: directory.secret.readUInt32LE(0) });
  const engine = await EmbeddedEngine.open({ directory, catalog: () => CATALOG, identity, clock: () => CLOCK_MS });
  return { engine, directory, identity };
}
