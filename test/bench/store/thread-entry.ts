import path from 'node:path';
import type { EmbeddedEngineOptions } from '@tessera/embedded-engine';

const ROOT = path.join(__dirname, '..', '..', '..');
const ENTRY = 'libs/embedded-engine/src/parallel/evaluation-thread.ts';
const REGISTER = 'test/support/register-swc.cjs';

/** How evaluation threads start where the benches run straight from the tree, as in their specs; compiled, the engine knows by itself. */
export function threadEntryOfTree(): Pick<EmbeddedEngineOptions, 'threadEntry'> {
  if (path.extname(__filename) !== '.ts') return {};
  return { threadEntry: { file: path.join(ROOT, ENTRY), execArgv: ['-r', path.join(ROOT, REGISTER)] } };
}
