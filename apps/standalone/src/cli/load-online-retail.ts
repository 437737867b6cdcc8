import { parseArgs } from 'node:util';
import { loadRetail } from '../online-retail/load-retail';
import type { RetailReport } from '../online-retail/load-retail';
import { RetailFileError } from '../online-retail/read-retail-rows';
import { TesseraClient, TesseraRequestError } from '../online-retail/tessera-client';

const HELP = `Loads the UCI Online Retail data (doi 10.24432/C5BW33) into a running Tessera.

  npm run load:online-retail -- <file.csv or file.csv.gz> [options]

  --url <address>    address of Tessera (default http://127.0.0.1:3000)
  --api-key <key>    bearer key, where Tessera asks for one (default: the environment variable TESSERA_API_KEY)
  --help             print this

Loading the same file again stores nothing twice within the seven days that ids are remembered.
`;

/** The command line can't be understood. */
class UsageError extends Error {}

interface CommandLine {
  readonly file: string;
  readonly url: string;
  readonly apiKey: string | null;
}

/** Null: help was asked for. Throws a UsageError, or what parseArgs throws, for what can't be understood. */
function readCommandLine(commandArguments: readonly string[]): CommandLine | null {
  const { values, positionals } = parseArgs({
    args: [...commandArguments],
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:3000' },
      'api-key': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError('Give exactly one file.');
  if (!URL.canParse(values.url))
    throw new UsageError(`--url "${values.url}" is no address such as http://127.0.0.1:3000`);
  return { file, url: values.url, apiKey: values['api-key'] ?? process.env['TESSERA_API_KEY'] ?? null };
}

/** Codes of a file that is missing, unreadable, or no CSV or gzip. */
const FILE_ERRORS = [
  'ENOENT',
  'EACCES',
  'EISDIR',
  'Z_DATA_ERROR',
  'Z_BUF_ERROR',
  'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH',
];
const REPORT_EVERY_ROWS = 100_000;

/** A line that renews itself on a terminal; elsewhere a line now and then. */
function createProgressLine(): { update: (report: RetailReport) => void; end: () => void } {
  const isTerminal = process.stderr.isTTY;
  let nextRows = REPORT_EVERY_ROWS;
  return {
    update: (report) => {
      const text = `${format(report.rows)} rows read, ${format(report.accepted + report.duplicate + report.stale)} messages stored`;
      if (isTerminal) process.stderr.write(`\r${text}`);
      else if (report.rows >= nextRows) {
        nextRows = report.rows + REPORT_EVERY_ROWS;
        process.stderr.write(`${text}\n`);
      }
    },
    end: () => {
      if (isTerminal) process.stderr.write('\n');
    },
  };
}

function format(count: number): string {
  return count.toLocaleString('en-US');
}

function printReport(report: RetailReport, elapsedMs: number): void {
  console.log(
    [
      `Online Retail loaded in ${(elapsedMs / 1_000).toFixed(1)} s.`,
      `  rows read                      ${format(report.rows)}`,
      `  rows without customer, left out ${format(report.rowsWithoutCustomer)}`,
      `  order lines sent               ${format(report.orderLines)}`,
      `  customers sent                 ${format(report.customers)}`,
      `  accepted ${format(report.accepted)}, stale ${format(report.stale)}, duplicate ${format(report.duplicate)}, rejected ${format(report.rejected)}`,
      ...report.rejections.map((rejection) => `  rejected: ${rejection}`),
    ].join('\n'),
  );
}

async function main(): Promise<number> {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === null) {
    console.log(HELP);
    return 0;
  }
  const startedMs = performance.now();
  const progress = createProgressLine();
  try {
    const report = await loadRetail(new TesseraClient(commandLine), commandLine.file, progress.update);
    progress.end();
    printReport(report, performance.now() - startedMs);
    return report.rejected === 0 ? 0 : 1;
  } catch (error) {
    progress.end();
    throw error;
  }
}

/** What the user can mend, in words; a defect shows its stack. */
function reportFailure(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof UsageError || (error instanceof TypeError && code.startsWith('ERR_PARSE_ARGS'))) {
    console.error(`${error.message}\n\n${HELP}`);
    return 2;
  }
  const isExpected =
    error instanceof TesseraRequestError || error instanceof RetailFileError || FILE_ERRORS.includes(code);
  console.error(isExpected && error instanceof Error ? error.message : error);
  return 1;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.exitCode = reportFailure(error);
  },
);
