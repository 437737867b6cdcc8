import { parseArgs } from 'node:util';
import { SETTINGS } from '@tessera/platform';
import { openStore } from '../open-store';

const HELP = `Checks a data directory: everything that is stored twice must agree. Changes nothing. Stop the server first.

Usage: npm run verify -- [--data-dir <directory>]

Exit code: 0 all is well, 1 something does not agree, 2 the directory can't be read.
`;

/** @returns the exit code. */
async function verify(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { 'data-dir': { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const configured = process.env['DATA_DIR'] ?? '';
  const path = values['data-dir'] ?? (configured === '' ? SETTINGS.dataDirectory.fallback : configured);
  const store = await openStore({
    path,
    readOnly: true,
    idEntriesMax: Number(SETTINGS.idMemory.fallback),
    onBackgroundError: (error) => console.error(error),
  });
  try {
    store.directory.warnings.forEach((warning) => console.log(warning));
    const { findings, users, tagShards, eventRows } = store.engine.verify();
    findings.forEach((finding) => console.log(finding));
    const verdict = findings.length === 0 ? 'all agree' : `${findings.length} findings`;
    console.log(`${path}: ${users} users, ${tagShards} tag shards, ${eventRows} event rows: ${verdict}`);
    return findings.length === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}

verify(process.argv.slice(2))
  .then((exitCode) => (process.exitCode = exitCode))
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
