import { parseArgs } from 'node:util';
import { DirectoryLockedError } from '@tessera/data-directory';
import { SETTINGS } from '@tessera/platform';
import { checkDirectory, configuredDirectory } from './check-directory';

const HELP = `Checks a data directory: everything that is stored twice must agree. Changes nothing.
While a server runs on the directory, ask that server instead: POST /v1/verify.

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
  const { findings, warnings, summary } = await checkDirectory(values['data-dir'] ?? configuredDirectory());
  [...warnings, ...findings, summary].forEach((line) => console.log(line));
  return findings.length === 0 ? 0 : 1;
}

/** A server keeps its directory to itself, but can be asked for the same check. */
function lockedText({ path, pid }: DirectoryLockedError): string {
  const holder = pid === null ? 'another process' : `process ${pid}`;
  const setting = ({ variable, fallback }: { variable: string; fallback: string }): string => {
    const given = process.env[variable] ?? '';
    return given === '' ? fallback : given;
  };
  const address = `http://${setting(SETTINGS.host)}:${setting(SETTINGS.port)}`;
  return [
    `The data directory ${path} is in use by ${holder}. If that is a Tessera server, ask it for the check:`,
    '',
    `  curl -s -X POST ${address}/v1/verify`,
    '',
    'Put in the address it printed at its start if that is another one, and where API_KEYS is set add',
    "-H 'Authorization: Bearer <key>'. Or stop the server and run this again.",
  ].join('\n');
}

verify(process.argv.slice(2))
  .then((exitCode) => (process.exitCode = exitCode))
  .catch((error: unknown) => {
    if (error instanceof DirectoryLockedError) console.error(lockedText(error));
    else console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
