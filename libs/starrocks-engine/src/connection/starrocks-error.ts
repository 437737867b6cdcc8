import { StoreUnavailableError } from '@tessera/tag-catalog';

/**
 * Why a statement failed:
 *
 * | kind | is | what became of the statement |
 * |---|---|---|
 * | `unreachable` | no frontend could be connected to | it was never sent |
 * | `lost` | the connection broke before the answer was complete | unknown: it may have been done |
 * | `late` | no answer in time; it was told to stop | unknown, as with `lost` |
 * | `overloaded` | StarRocks takes no more now (versions, memory, places), or too many statements wait here | it was not done |
 * | `denied` | the user may not do that, or is not known | it was not done |
 * | `refused` | anything else that StarRocks says: a retry says the same | it was not done |
 */
export type StarrocksFailure = 'unreachable' | 'lost' | 'late' | 'overloaded' | 'denied' | 'refused';

/** A statement that failed. What the message says comes from StarRocks, shortened, and never holds a password. */
export class StarrocksError extends StoreUnavailableError {
  /** @param code the number of the error, as MySQL counts them; null: there was no answer. */
  constructor(
    message: string,
    readonly kind: StarrocksFailure,
    readonly code: number | null = null,
  ) {
    super(message, kind !== 'denied' && kind !== 'refused');
  }

  /** True: the statement may have been done. */
  get isUnknown(): boolean {
    return this.kind === 'lost' || this.kind === 'late';
  }
}

const MESSAGE_CHARACTERS_MAX = 600;
// Numbers that StarRocks shares with MySQL, and its own from 5000 up.
const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1142, 1227, 5203]);
const UNKNOWN_TABLE: ReadonlySet<number> = new Set([1051, 1109, 1146, 5502]);
// Some statements give 1064 for it.
const UNKNOWN_TABLE_TEXT = /unknown table|table \S+ (?:is not found|does not exist)/i;
const UNKNOWN_COLUMN = 1054;
// Queries give 1064 for it.
const UNKNOWN_COLUMN_TEXT = /unknown column|column .{1,300} (?:cannot be resolved|does(?: not|n't) exist)/i;
const UNKNOWN_DATABASE: ReadonlySet<number> = new Set([1049, 5501]);
const UNKNOWN_VARIABLE = 1193;

// Nearly everything else is 1064 with a text. These texts mean: later, perhaps.
const DENIED_TEXT = /access denied/i;
const LATE_TEXT = /query timeout|exceeded time limit|time ?out|reach(?:ed)? limit of .*timeout/i;
const OVERLOADED_TEXT = [
  /too many (?:tablet )?versions|failed to commit.*version|-235\b/i,
  /mem(?:ory)? .*(?:exceed|limit)|out of memory/i,
  /too many (?:connections|running|pending)|reach(?:ed)? limit of connections|current running txns|max_user_connections/i,
  /no (?:alive|available) (?:backend|compute|be|cn)|(?:backend|compute) node not found|not alive|node .* is (?:not alive|unavailable)/i,
  /cancelled by crash|warehouse \S+ (?:has been suspended|is not available)|failed to acquire lock/i,
  /rpc (?:failed|error)|leader .*(?:not ready|unknown|transfer)|service is (?:unavailable|shutting down)|is shutting down/i,
  /txn .*conflict|transaction .*conflict|please retry/i,
];

/** What the driver threw, as ours. @param secrets are taken out of its text. */
export function starrocksError(error: unknown, secrets: readonly string[]): StarrocksError {
  if (error instanceof StarrocksError) return error;
  const text = withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  const code = error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : null;
  // The server's own answers have a positive number and an SQL state; those of sockets have neither.
  const isAnswer = error instanceof Error && 'sqlState' in error && code !== null && code > 0;
  if (!isAnswer) return new StarrocksError(`the connection to StarRocks broke: ${text}`, 'lost');
  return new StarrocksError(`StarRocks: ${text}`, kindOf(code, text), code);
}

export function isUnknownTable(error: unknown): boolean {
  if (!(error instanceof StarrocksError) || error.code === null) return false;
  return UNKNOWN_TABLE.has(error.code) || UNKNOWN_TABLE_TEXT.test(error.message);
}

export function isUnknownColumn(error: unknown): boolean {
  if (!(error instanceof StarrocksError) || error.code === null) return false;
  return error.code === UNKNOWN_COLUMN || UNKNOWN_COLUMN_TEXT.test(error.message);
}

export function isUnknownDatabase(error: unknown): boolean {
  return error instanceof StarrocksError && error.code !== null && UNKNOWN_DATABASE.has(error.code);
}

export function isUnknownVariable(error: unknown): boolean {
  return error instanceof StarrocksError && error.code === UNKNOWN_VARIABLE;
}

/** The text, shortened, without the secrets. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const clean = secrets
    .filter((secret) => secret !== '')
    .reduce((left, secret) => left.replaceAll(secret, '***'), text)
    .trim();
  return clean.length > MESSAGE_CHARACTERS_MAX ? `${clean.slice(0, MESSAGE_CHARACTERS_MAX)}…` : clean;
}

function kindOf(code: number, text: string): StarrocksFailure {
  if (DENIED.has(code) || DENIED_TEXT.test(text)) return 'denied';
  if (OVERLOADED_TEXT.some((pattern) => pattern.test(text))) return 'overloaded';
  return LATE_TEXT.test(text) ? 'late' : 'refused';
}
