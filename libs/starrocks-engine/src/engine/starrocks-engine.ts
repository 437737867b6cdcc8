import { setTimeout as pause } from 'node:timers/promises';
import type {
  CountsAnswer,
  DataVersion,
  DistributionRequest,
  PlanNode,
  SegmentationEngine,
  TagDistribution,
  UserSet,
} from '@tessera/audience';
import { decodeStarrocksBitmap, RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import { compileCounts, compileMembers, compileSegments } from '../compile/statements/compile-question';
import type { QuestionOptions, ShapeChoice } from '../compile/statements/compile-question';
import { GUIDS_MAX } from '../compile/statements/limits';
import type { StarrocksSession, StatementOptions } from '../connection/starrocks-connection';
import { onceMade } from '../connection/not-made-yet';
import { StarrocksError } from '../connection/starrocks-error';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { GUIDS, PARTITION_GUIDS } from '../schema/names';
import { BitmapUserSet } from './bitmap-user-set';
import { answerAtOneVersion } from './data-version';
import { askDistribution } from './distribution';
import { KvPlacement } from './kv-placement';
import { firstMembers, GUID_MAX, membersOf } from './members';
import { Question } from './question';
import { questionId, sweepStatements } from './question-rows';
import { inSmallerParts } from './too-complex';

export interface StarrocksEngineOptions {
  readonly pool: Pick<StarrocksPool, 'read' | 'rows' | 'write'>;
  /** Wall clock, ms: judges retention. */
  readonly nowMs: () => number;
  /** STARROCKS_SQL_SHAPE; default `auto`. */
  readonly shape?: ShapeChoice;
  /** How long an answer may take, its statements together; default 60 s. */
  readonly timeoutMs?: number;
  /** guids that a page of members is first looked for among; default a partition's. */
  readonly pageGuids?: number;
  /** Smaller than StarRocks can do, for tests. */
  readonly limits?: QuestionOptions['limits'];
}

/** SQL of a question. */
export interface Explanation {
  readonly shape: 'mixed' | 'bitmap';
  readonly reason: string;
  /** Of kv tags that bitmaps are kept of: where each is read from and why. */
  readonly placements: readonly string[];
  /** In the order in which they are sent. */
  readonly statements: readonly string[];
}

const TIMEOUT_MS = 60_000;
/** Rows of questions that began longer ago belong to nobody. */
const STALE_MS = 3_600_000;
const DROP_TRIES = 3;
const DROP_PAUSE_MS = 300;
/** In explanations; a real one has the time and a random number. */
const SHOWN_ID = 'question-';

/** Asks StarRocks. Statements of one answer go over one connection, and those that change anything touch rows of the question alone. */
export class StarrocksEngine implements SegmentationEngine {
  readonly name = 'starrocks';
  readonly #cleanups = new Set<Promise<void>>();
  readonly #placement = new KvPlacement();

  constructor(private readonly options: StarrocksEngineOptions) {}

  async counts(nodes: readonly PlanNode[], options: StatementOptions = {}): Promise<CountsAnswer> {
    const { value, dataVersion } = await this.#answer(options, async (question) => {
      const compiled = await question.prepare(nodes, (with_) => compileCounts(nodes, with_));
      const counts = nodes.map(() => 0);
      for (const { sql, columns } of compiled.asks) {
        const [row] = await question.rows(sql);
        columns.forEach((outputs, index) => {
          for (const output of outputs) counts[output] = Number(row?.[`c${index}`] ?? 0);
        });
      }
      return counts;
    });
    return { counts: value, dataVersion };
  }

  async materialise(
    node: PlanNode,
    options: StatementOptions = {},
  ): Promise<{ readonly set: UserSet; readonly dataVersion: DataVersion }> {
    const { value, dataVersion } = await this.#answer(options, async (question) => {
      const compiled = await question.prepare([node], (with_) => compileSegments(node, with_));
      const members = new RoaringBitmap32();
      for (const { sql } of compiled.asks) {
        for await (const row of question.stream(sql)) {
          members.orInPlace(decodeStarrocksBitmap(String(row[GUIDS])));
        }
      }
      return new BitmapUserSet(members);
    });
    return { set: value, dataVersion };
  }

  /** The first `limit` members after `after` (0: from the start), ascending. */
  async members(
    node: PlanNode,
    after: number,
    limit: number,
    options: StatementOptions = {},
  ): Promise<{ readonly guids: Uint32Array; readonly dataVersion: DataVersion }> {
    const { value, dataVersion } = await this.#answer(options, async (question) => {
      return firstMembers(question, node, { after, limit, range: this.options.pageGuids ?? PARTITION_GUIDS });
    });
    return { guids: Uint32Array.from(value), dataVersion };
  }

  async contains(
    node: PlanNode,
    guids: readonly Guid[],
    options: StatementOptions = {},
  ): Promise<{ readonly members: readonly boolean[]; readonly dataVersion: DataVersion }> {
    const wanted = [...new Set<number>(guids)].filter(isGuid).sort((left, right) => left - right);
    const { value, dataVersion } = await this.#answer(options, async (question) => {
      const members = new Set<number>();
      for (let first = 0; first < wanted.length; first += GUIDS_MAX) {
        const among = wanted.slice(first, first + GUIDS_MAX);
        const compile = (with_: QuestionOptions): ReturnType<typeof compileMembers> =>
          compileMembers(node, null, with_);
        const compiled = await question.prepare([node], compile, { kind: 'among', guids: among });
        (await membersOf(question, compiled.asks)).forEach((guid) => members.add(guid));
      }
      return members;
    });
    return { members: guids.map((guid) => value.has(guid)), dataVersion };
  }

  async distribution(
    node: PlanNode,
    requests: readonly DistributionRequest[],
    top: number,
    options: StatementOptions = {},
  ): Promise<{
    readonly count: number;
    readonly universe: number;
    readonly tags: readonly TagDistribution[];
    readonly dataVersion: DataVersion;
  }> {
    const { value, dataVersion } = await this.#answer(options, (question) =>
      askDistribution(question, node, requests, top),
    );
    return { ...value, dataVersion };
  }

  /** The SQL that `counts` sends for these nodes. Asks for the values that patterns are tried on, and for nothing else. */
  async explain(nodes: readonly PlanNode[], options: StatementOptions = {}): Promise<Explanation> {
    const show = async (session: StarrocksSession): Promise<Explanation> => {
      const question = new Question({ ...this.#context(options), session, part: 1, id: SHOWN_ID });
      const { shape, reason, prepare, asks } = await question.compile(nodes, (with_) => compileCounts(nodes, with_));
      return {
        shape,
        reason,
        placements: question.placements,
        statements: [...prepare, ...asks.map(({ sql }) => sql)],
      };
    };
    return onceMade(() => this.options.pool.read(show, options));
  }

  /** Deletes what questions have left behind whose process died. Call it now and then. */
  async sweep(): Promise<void> {
    for (const { find, sweep } of sweepStatements(this.options.nowMs() - STALE_MS)) {
      if ((await this.options.pool.rows(find)).length > 0) await this.options.pool.write(sweep);
    }
  }

  /** Resolves when the rows of all answered questions are deleted, as far as that is possible. */
  async close(): Promise<void> {
    await Promise.all(this.#cleanups);
  }

  async #answer<T>(
    options: StatementOptions,
    ask: (question: Question) => Promise<T>,
  ): Promise<{ readonly value: T; readonly dataVersion: DataVersion }> {
    const context = this.#context(options);
    // Runs again on another connection if one breaks: every run has rows of its own.
    const inParts = (session: StarrocksSession, part: number): ReturnType<typeof answerAtOneVersion<T>> =>
      answerAtOneVersion(
        session,
        async () => {
          const question = new Question({ ...context, session, part, id: questionId(context.nowMs) });
          try {
            return await ask(question);
          } finally {
            this.#cleanUp(question.leftovers());
          }
        },
        context,
      );
    return onceMade(() =>
      inSmallerParts((part) => this.options.pool.read((session) => inParts(session, part), context.limits())),
    );
  }

  #context(options: StatementOptions): Omit<ConstructorParameters<typeof Question>[0], 'session' | 'part' | 'id'> {
    const { nowMs, shape = 'auto', limits: statementLimits } = this.options;
    const { signal, timeoutMs = this.options.timeoutMs ?? TIMEOUT_MS } = options;
    const untilMs = performance.now() + timeoutMs;
    const limits = (): StatementOptions => ({
      timeoutMs: Math.max(1, untilMs - performance.now()),
      ...(signal === undefined ? {} : { signal }),
    });
    return {
      nowMs: nowMs(),
      shape,
      limits,
      placement: this.#placement,
      ...(statementLimits === undefined ? {} : { statementLimits }),
    };
  }

  /** Nobody waits for it; what fails is swept later. */
  #cleanUp(statements: readonly string[]): void {
    if (statements.length === 0) return;
    const done = (async () => {
      for (const statement of statements) await this.#drop(statement);
    })().catch(() => undefined);
    this.#cleanups.add(done);
    void done.finally(() => this.#cleanups.delete(done));
  }

  async #drop(statement: string): Promise<void> {
    for (let left = DROP_TRIES - 1; ; left -= 1) {
      try {
        await this.options.pool.write(statement);
        return;
      } catch (error) {
        if (left === 0 || !(error instanceof StarrocksError) || !error.retriable) throw error;
        await pause(DROP_PAUSE_MS);
      }
    }
  }
}

function isGuid(guid: number): boolean {
  return Number.isInteger(guid) && guid > 0 && guid <= GUID_MAX;
}
