import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { StarrocksRow, StarrocksSession } from '../connection/starrocks-connection';
import { StarrocksError } from '../connection/starrocks-error';
import { textLiteral } from '../sql/literal';
import { readSchema } from './current-schema';
import type { CurrentSchema } from './current-schema';
import { planMigration } from './plan-migration';
import type { MigrationPlan, MigrationStep } from './plan-migration';
import { demandVersion } from './starrocks-version';
import type { TableDefinition } from './table-definition';

export interface MigrationTarget {
  readonly database: string;
  readonly wanted: readonly TableDefinition[];
  readonly nowMs: number;
}

export interface MigrationOptions {
  /** Told of each step before it is done, and of what it waits for. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Between two looks at something that goes on in the background, and before a failed step is tried again (500 ms). */
  readonly pollMs?: number;
  /** How long something in the background may take (10 minutes). */
  readonly backgroundMs?: number;
}

/** What the tables are like when no more can be done. */
export interface MigrationResult {
  readonly done: number;
  readonly schema: CurrentSchema;
  /** What is left: refusals, and drops that were not dared. */
  readonly problems: readonly string[];
}

/** A statement that can't be done. */
export class MigrationError extends StoreUnavailableError {
  constructor(
    readonly statement: string,
    override readonly cause: StarrocksError,
  ) {
    const who = 'let a user do it who may (STARROCKS_MIGRATION_URL, or npm run migrate)';
    super(
      cause.kind === 'denied'
        ? `${cause.message}; ${who}:\n${statement}`
        : `${cause.message}, when it was told:\n${statement}`,
      cause.retriable,
    );
  }
}

const POLL_MS = 500;
const BACKGROUND_MS = 600_000;
const TRIES_MAX = 5;
const UNSEEN = new StarrocksError(
  'StarRocks takes the statement again and again and then does not show what it has done; may the user see the table?',
  'refused',
);
/** Two clocks that differ by more are not both right: nothing is dropped by one of them. */
const CLOCKS_MS_MAX = 600_000;

/**
 * Does what `planMigration` finds until it finds nothing. Nothing is remembered: each round looks at what StarRocks has, so one that was killed is gone on with by
 * the next, and several may work at once. A statement that fails because another process was faster is not found again in the next round; one that goes on being
 * found and failing is given up.
 *
 * @throws MigrationError; StarrocksError where StarRocks can't be asked; the signal's reason.
 */
export async function applyMigration(
  session: StarrocksSession,
  target: MigrationTarget,
  options: MigrationOptions = {},
): Promise<MigrationResult> {
  const { pollMs = POLL_MS, signal } = options;
  const tries = new Map<string, number>();
  let done = 0;
  await demandVersion(session);
  for (;;) {
    signal?.throwIfAborted();
    const schema = await readSchema(session, target.database);
    const { plan, problems } = await trusted(session, target, planMigration(schema, target.wanted));
    if (plan.steps.length === 0) return { done, schema, problems };
    for (const [index, step] of plan.steps.entries()) {
      const count = (tries.get(step.statement) ?? 0) + 1;
      tries.set(step.statement, count);
      // What was done a moment ago may not be seen yet.
      if (count > 1) await sleep(pollMs, undefined, { signal });
      options.say?.(`${index + 1} of ${plan.steps.length}: ${step.kind} ${step.table}: ${step.reason}`);
      const failure = await failureOf(session, step, target.database, options);
      if (failure === null && count <= TRIES_MAX) {
        done++;
        continue;
      }
      if (failure === null) throw new MigrationError(step.statement, UNSEEN);
      if (failure.kind === 'denied' || count >= TRIES_MAX) throw new MigrationError(step.statement, failure);
      await untilQuiet(session, step.table, target.database, options);
      break;
    }
  }
}

/** Null: done. @throws StarrocksError where there is no use in going on. */
async function failureOf(
  session: StarrocksSession,
  step: MigrationStep,
  database: string,
  options: MigrationOptions,
): Promise<StarrocksError | null> {
  try {
    await session.run(step.statement, options);
    if (step.isBackground) await untilQuiet(session, step.table, database, options);
    return null;
  } catch (error) {
    if (!(error instanceof StarrocksError) || error.kind === 'lost' || error.kind === 'late') throw error;
    return error;
  }
}

/** Waits until no change of the table's columns is under way; whoever began it. What became of it the next look tells. */
async function untilQuiet(
  session: StarrocksSession,
  table: string,
  database: string,
  { say, signal, pollMs = POLL_MS, backgroundMs = BACKGROUND_MS }: MigrationOptions,
): Promise<void> {
  const untilMs = performance.now() + backgroundMs;
  for (let told = ''; ;) {
    const row = await newestChange(session, table, database);
    const state = String(row?.['State'] ?? 'FINISHED');
    if (state === 'FINISHED') return;
    if (state === 'CANCELLED') {
      say?.(`StarRocks has given a change of ${table} up: ${String(row?.['Msg'] ?? '')}`);
      return;
    }
    const news = `waiting for the change of ${table}: ${state} ${String(row?.['Progress'] ?? '')}`.trimEnd();
    if (news !== told) say?.(news);
    told = news;
    if (performance.now() > untilMs) {
      throw new StarrocksError(`StarRocks goes on changing ${table} for more than ${backgroundMs / 1_000} s`, 'late');
    }
    await sleep(pollMs, undefined, { signal });
  }
}

async function newestChange(
  session: StarrocksSession,
  table: string,
  database: string,
): Promise<StarrocksRow | undefined> {
  const [newest] = await session.rows(
    `SHOW ALTER TABLE COLUMN FROM \`${database}\` WHERE TableName = ${textLiteral(table)} ORDER BY CreateTime DESC LIMIT 1`,
  );
  return newest;
}

/** Takes the dropping of days out where our clock and that of StarRocks differ: rows dropped too early are gone. */
async function trusted(
  session: StarrocksSession,
  { nowMs }: MigrationTarget,
  plan: MigrationPlan,
): Promise<{ readonly plan: MigrationPlan; readonly problems: readonly string[] }> {
  const problems = plan.refusals.map(({ problem }) => problem);
  if (!plan.steps.some(({ kind }) => kind === 'drop partition')) return { plan, problems };
  const [row] = await session.rows('SELECT utc_timestamp() AS now');
  const theirs = Date.parse(`${String(row?.['now']).slice(0, 19).replace(' ', 'T')}Z`);
  const differenceMs = Math.abs(theirs - nowMs);
  if (differenceMs <= CLOCKS_MS_MAX) return { plan, problems };
  const seconds = Math.round(differenceMs / 1_000);
  const problem = `the clock of this process and that of StarRocks differ by ${seconds} s: partitions past retention are not dropped; set the clocks`;
  const steps = plan.steps.filter(({ kind }) => kind !== 'drop partition');
  return { plan: { ...plan, steps }, problems: [...problems, problem] };
}
