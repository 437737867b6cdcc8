import { inputsOf } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { KnownLists, LeafCompiler, patternQuestions } from '../compile/leaves';
import type { CompiledQuestion, QuestionOptions, ShapeChoice } from '../compile/statements/compile-question';
import type { UserFilter } from '../compile/statements/shape';
import type { ScanNode } from '../compile/leaf';
import type { StarrocksRow, StarrocksSession, StatementOptions } from '../connection/starrocks-connection';
import { untilVisible } from '../connection/until-visible';
import type { KvPlacement } from './kv-placement';
import { matchingValues } from './pattern-values';
import { dropStatements, storeValues } from './question-rows';

/** What a question is asked with. */
export interface QuestionContext {
  readonly session: StarrocksSession;
  /** How long what is left of the answer may take, and what stops it. */
  readonly limits: () => StatementOptions;
  readonly nowMs: number;
  readonly shape: ShapeChoice;
  readonly placement: KvPlacement;
  readonly statementLimits?: QuestionOptions['limits'];
  /** As of `QuestionOptions`. */
  readonly part: number;
  /** Names its rows; no other question has it. */
  readonly id: string;
}

/** Compiles nodes with these options. */
export type Compile = (options: QuestionOptions) => CompiledQuestion;

/** One question on one session: compiles, stores what the statements need beforehand, asks. */
export class Question {
  readonly #keptLists: string[] = [];
  readonly #valueLists: string[] = [];
  #compiled = 0;
  #notes: readonly string[] = [];

  constructor(private readonly context: QuestionContext) {}

  /** Compiles and does all that comes before the asks. @param nodes whose leaves are in it. */
  async prepare(
    nodes: readonly PlanNode[],
    compile: Compile,
    filter: UserFilter | null = null,
  ): Promise<CompiledQuestion> {
    const compiled = await this.compile(nodes, compile, filter);
    // Noted first, so that what was begun is dropped whatever happens.
    this.#keptLists.push(...compiled.keptLists);
    this.#valueLists.push(...compiled.valueLists.map(({ id }) => id));
    await storeValues(compiled.valueLists, this.context.nowMs, (statement) => this.write(statement));
    for (const statement of compiled.prepare) await this.write(statement);
    return compiled;
  }

  /** Compiles; asks for nothing but the values that patterns are tried on. */
  async compile(
    nodes: readonly PlanNode[],
    compile: Compile,
    filter: UserFilter | null = null,
  ): Promise<CompiledQuestion> {
    const { nowMs, shape, part, placement, session, statementLimits } = this.context;
    const scans = scansOf(nodes);
    const placements = await placement.of(scans, (statement) => this.rows(statement));
    this.#notes = placements.notes;
    const patterns = patternQuestions(scans, nowMs);
    const matches = await matchingValues(patterns, (statement) => session.stream(statement, this.context.limits()));
    const id = `${this.context.id}${this.#compiled}`;
    const lists = new KnownLists();
    this.#compiled += 1;
    return compile({
      shape,
      part,
      filter,
      keptAs: `${id}k`,
      openLeaves: () => new LeafCompiler({ nowMs, matches, listId: (slot) => `${id}v${slot}`, lists }),
      placeKv: (node) => placements.place(node),
      ...(statementLimits === undefined ? {} : { limits: statementLimits }),
    });
  }

  /** Keeps a node's users as a list, which is gone with the question. @returns its id. */
  async keep(
    node: PlanNode,
    compileKept: (listId: string, options: QuestionOptions) => CompiledQuestion,
  ): Promise<string> {
    const listId = `${this.context.id}m${this.#keptLists.length}`;
    this.#keptLists.push(listId);
    const compiled = await this.prepare([node], (options) => compileKept(listId, options));
    for (const { sql } of compiled.asks) await this.write(sql);
    return listId;
  }

  /** Where the kv tags of what was compiled last are read from. */
  get placements(): readonly string[] {
    return this.#notes;
  }

  rows(statement: string): Promise<readonly StarrocksRow[]> {
    return this.context.session.rows(statement, this.context.limits());
  }

  stream(statement: string): AsyncIterable<StarrocksRow> {
    return this.context.session.stream(statement, this.context.limits());
  }

  /** Statements that delete the rows it has stored. */
  leftovers(): readonly string[] {
    return dropStatements(this.#keptLists, this.#valueLists);
  }

  /** Resolves when it is visible. */
  private async write(statement: string): Promise<void> {
    const { session, limits } = this.context;
    await untilVisible(session, await session.write(statement, limits()), limits());
  }
}

/** The scans in nodes, each once, in the order of the nodes. */
function scansOf(nodes: readonly PlanNode[]): readonly ScanNode[] {
  const scans: ScanNode[] = [];
  const seen = new Set<string>();
  const waiting = [...nodes].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node.key)) continue;
    seen.add(node.key);
    if (isScan(node)) scans.push(node);
    else waiting.push(...[...inputsOf(node)].reverse());
  }
  return scans;
}

function isScan(node: PlanNode): node is ScanNode {
  return (
    node.kind === 'profileScan' || node.kind === 'kvRead' || node.kind === 'eventScan' || node.kind === 'sequenceScan'
  );
}
