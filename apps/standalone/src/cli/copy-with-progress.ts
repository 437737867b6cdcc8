import { copyDataDirectory } from '@tessera/data-directory';
import type { CopyReport } from '@tessera/data-directory';

const MB = 1e6;
/** Elsewhere than on a terminal, a line for each tenth. */
const STEPS = 10;

/** Copies a data directory and says on stderr how far it is. */
export async function copyWithProgress(from: string, to: string): Promise<CopyReport> {
  const isTerminal = process.stderr.isTTY;
  let told = 0;
  const report = await copyDataDirectory(from, to, ({ bytesDone, bytesTotal }) => {
    const share = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
    const text = `${(share * 100).toFixed(0)} % of ${megabytes(bytesTotal)} copied`;
    if (isTerminal) process.stderr.write(`\r${text}`);
    else if (share * STEPS >= told + 1) {
      told = Math.floor(share * STEPS);
      process.stderr.write(`${text}\n`);
    }
  });
  if (isTerminal) process.stderr.write('\n');
  return report;
}

export function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0)} MB`;
}

/** What the user can mend, in words; a defect shows its stack. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isKnown = 'retriable' in error || 'code' in error || error.constructor === Error;
  return isKnown ? error.message : (error.stack ?? error.message);
}
