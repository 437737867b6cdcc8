// `npm run build`: compiles apps, libs, benches and scripts into dist/, or returns at once when dist/ is fresh.
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './ensure-built.mjs';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await ensureBuilt();
}
