// Runs a compiled entry, building first when the sources have changed: `node scripts/run.mjs <entry> [arguments]`.
// The entry runs in this very process, so signals, exit codes and the terminal reach it without a go-between.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ROOT } from './ensure-built.mjs';

const ENTRIES = {
  start: 'apps/standalone/src/main.ts',
  verify: 'apps/standalone/src/cli/verify.ts',
  backup: 'apps/standalone/src/cli/backup.ts',
  restore: 'apps/standalone/src/cli/restore.ts',
  'load:online-retail': 'apps/standalone/src/cli/load-online-retail.ts',
  'segmentation-api': 'apps/segmentation-api/src/main.ts',
  'mapping-worker': 'apps/mapping-worker/src/main.ts',
  'ingest-worker': 'apps/ingest-worker/src/main.ts',
  migrate: 'apps/ingest-worker/src/cli/migrate.ts',
  identity: 'apps/mapping-worker/src/cli/identity.ts',
  'dead-letters': 'apps/mapping-worker/src/cli/dead-letters.ts',
  profiles: 'apps/ingest-worker/src/cli/profiles.ts',
  bench: 'test/bench/main.ts',
};

// Need the test tree, which is not compiled: run as they stand.
const TESTS = {
  crash: 'test/durability/crash.ts',
  soak: 'test/durability/soak.ts',
  services: 'test/support/services/main.ts',
  'mapping-kills': 'test/streams/mapping-kills.ts',
  'ingest-kills': 'test/streams/ingest-kills.ts',
  'stream-kills': 'test/streams/stream-kills.ts',
};

const [name, ...entryArguments] = process.argv.slice(2);
const source = Object.entries({ ...ENTRIES, ...TESTS }).find(([entry]) => entry === name)?.[1];

if (source === undefined) {
  fail(`Unknown entry "${name ?? ''}"; use one of: ${Object.keys({ ...ENTRIES, ...TESTS }).join(', ')}`);
} else if (!existsSync(path.join(ROOT, source))) {
  fail(`${source} does not exist`);
} else if (Object.hasOwn(TESTS, name)) {
  runTest(path.join(ROOT, source));
} else {
  await run(path.join(ROOT, 'dist', source.replace(/\.ts$/, '.js')));
}

async function run(compiled) {
  const exitCode = await ensureBuilt();
  if (exitCode !== 0) {
    process.exitCode = exitCode;
    return;
  }
  process.setSourceMapsEnabled(true);
  process.argv = [process.execPath, compiled, ...entryArguments];
  await import(pathToFileURL(compiled).href);
}

function runTest(script) {
  process.argv = [process.execPath, script, ...entryArguments];
  const require = createRequire(import.meta.url);
  require(path.join(ROOT, 'test/support/register-swc.cjs'));
  require(script);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}
