import { parseArgs } from 'node:util';
import { checkDirectory, configuredDirectory } from './check-directory';
import { copyWithProgress, failureText, megabytes } from './copy-with-progress';

const HELP = `Brings a backup back: checks it, then copies it to where a server can start on it. The backup itself stays as it is.

  npm run restore -- <backup> [options]

  <backup>            what \`npm run backup\` made
  --to <directory>    a directory that does not exist or is empty (default: DATA_DIR, or ${configuredDirectory()})
  --skip-verify       copy and check every record and chunk, but do not compare what is stored twice, which takes the memory of a server
  --help              print this

Nothing is overwritten: move the old data directory aside first. Two servers on copies of one directory have the same id
and secret, so that each takes the other's tokens for its own: let only one of them run.

Exit code: 0 done, 1 not done, since the check found something, 2 not done.
`;

/** @returns the exit code. */
async function restore(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      'skip-verify': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [backup, ...rest] = positionals;
  if (backup === undefined || rest.length > 0) {
    console.error(`Give exactly one backup.\n\n${HELP}`);
    return 2;
  }
  if (!values['skip-verify']) {
    const { findings, warnings, summary } = await checkDirectory(backup);
    [...warnings, ...findings, summary].forEach((line) => console.log(line));
    if (findings.length > 0) {
      console.error('Nothing was restored. Use another backup, or --skip-verify to restore this one as it is.');
      return 1;
    }
  }
  const target = values.to ?? configuredDirectory();
  const { bytes, lastSequence } = await copyWithProgress(backup, target);
  console.log(`${backup} restored to ${target}: ${megabytes(bytes)}, log up to record ${lastSequence}`);
  return 0;
}

restore(process.argv.slice(2))
  .then((exitCode) => (process.exitCode = exitCode))
  .catch((error: unknown) => {
    console.error(failureText(error));
    process.exitCode = 2;
  });
