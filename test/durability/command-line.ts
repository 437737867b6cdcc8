/** The command line can't be understood. */
export class UsageError extends Error {}

export function readWholeNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UsageError(`--${name} "${text}" is no whole number from ${low} to ${high}`);
}

/** Runs a command to its exit code: 1 for a failed check, 2 for a command line that can't be understood. */
export function runCommand(main: () => Promise<number>): void {
  main().then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (error: unknown) => {
      const isUsage = error instanceof UsageError || hasParseArgsCode(error);
      const text = error instanceof Error ? (isUsage ? `${error.message}; see --help` : error.stack) : String(error);
      process.stderr.write(`${text}\n`);
      process.exitCode = isUsage ? 2 : 1;
    },
  );
}

/** parseArgs throws TypeErrors of its own, told from defects by their code. */
function hasParseArgsCode(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
