import { parseArgs } from 'node:util';
import { checkDirectory, configuredDirectory } from './check-directory';
import { copyWithProgress, failureText, megabytes } from './copy-with-progress';

const HELP = `Copies a data directory, whether or not a server is running on it. The copy is of one moment: it has everything that was
acknowledged before the backup began. Each record and chunk is checked on its way. The copy is complete when it has its name;
until then it is called <target>.partial.

  npm run backup -- <target> [options]

  <target>                  a directory that does not exist or is empty
  --data-dir <directory>    what to copy (default: DATA_DIR, or ${configuredDirectory()})
  --verify                  afterwards compare everything in the copy that is stored twice; takes the memory of a second server
  --help                    print this

Run it on the machine of the server (in its container), as a user who may write to the data directory.
A copy holds all user data and the secret of tokens: keep it as safe as the original.
It can be checked at any time with \`npm run verify -- --data-dir <target>\` and brought back with \`npm run restore -- <target>\`.

Exit code: 0 done, 1 done, but --verify found something, 2 not done.
`;

/** @returns the exit code. */
async function backup(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string' },
      verify: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [target, ...rest] = positionals;
  if (target === undefined || rest.length > 0) {
    console.error(`Give exactly one target directory.\n\n${HELP}`);
    return 2;
  }
  const source = values['data-dir'] ?? configuredDirectory();
  const { bytes, chunks, lastSequence } = await copyWithProgress(source, target);
  console.log(`${source} copied to ${target}: ${megabytes(bytes)}, ${chunks} chunks, log up to record ${lastSequence}`);
  if (!values.verify) return 0;
  const { findings, warnings, summary } = await checkDirectory(target);
  [...warnings, ...findings, summary].forEach((line) => console.log(line));
  return findings.length === 0 ? 0 : 1;
}

backup(process.argv.slice(2))
  .then((exitCode) => (process.exitCode = exitCode))
  .catch((error: unknown) => {
    console.error(failureText(error));
    process.exitCode = 2;
  });
