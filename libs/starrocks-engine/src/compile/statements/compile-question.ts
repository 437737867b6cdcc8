import type { PlanNode } from '@tessera/audience';
import { bitmapShape } from './bitmap-shape';
import type { Gate, LeafGate } from './gate';
import { isLeaf } from './gate';
import { GateBuilder, storedList } from './gate-builder';
import type { GateOptions } from './gate-builder';
import { reach } from './levels';
import type { StatementLimits } from './limits';
import { BITMAP_LIMITS, MIXED_LIMITS, StatementLimitError } from './limits';
import { mixedShape } from './mixed-shape';
import type { LeafSource, Shape, StatementInput, UserFilter } from './shape';
import { splitGates } from './split-gates';

export type ShapeChoice = 'auto' | 'mixed' | 'bitmap';

export interface QuestionOptions {
  /** `auto`: bitmap where every leaf is a stored bitmap, else mixed. */
  readonly shape: ShapeChoice;
  /** For one statement. */
  readonly openLeaves: () => LeafSource;
  readonly placeKv?: GateOptions['placeKv'];
  /** What results that have to be kept for the question are called; each gets a number after it. */
  readonly keptAs: string;
  readonly filter?: UserFilter | null;
  /** Smaller than those of the shape, for tests. */
  readonly limits?: Partial<StatementLimits>;
}

/** One statement whose columns or rows answer for some of the nodes asked for. */
export interface Ask {
  readonly sql: string;
  /** For each of its columns in order, which of the nodes asked for it is about. */
  readonly columns: readonly (readonly number[])[];
}

/** The SQL of a question: what has to be kept before, what is asked, what has to be dropped after. */
export interface CompiledQuestion {
  readonly shape: Shape['name'];
  /** Why it is this shape. */
  readonly reason: string;
  /** INSERTs into the table of lists, one after the other. */
  readonly prepare: readonly string[];
  /** Lists made by `prepare`, gone with the question. */
  readonly keptLists: readonly string[];
  readonly asks: readonly Ask[];
  /** Nodes that are nobody's set whatever the data is: they are asked for nowhere. */
  readonly nobody: readonly number[];
}

/** Writes the statement that asks for gates. */
export type AskWriter = (shape: Shape, gates: readonly Gate[], input: StatementInput) => string;

/** Asks for the sizes of all nodes. */
export function compileCounts(nodes: readonly PlanNode[], options: QuestionOptions): CompiledQuestion {
  return compileQuestion(nodes, options, (shape, gates, input) => shape.counts(gates, input));
}

/** Asks for the members of a node by segment, as bitmaps in base64. */
export function compileSegments(node: PlanNode, options: QuestionOptions): CompiledQuestion {
  return compileQuestion([node], options, (shape, gates, input) => shape.segments(only(gates), input));
}

/** Asks for the members of a node, ascending. @param limit null: all of them. */
export function compileMembers(node: PlanNode, limit: number | null, options: QuestionOptions): CompiledQuestion {
  return compileQuestion([node], options, (shape, gates, input) => shape.members(only(gates), limit, input));
}

/** Keeps the members of a node as a list. */
export function compileKeep(node: PlanNode, listId: string, options: QuestionOptions): CompiledQuestion {
  return compileQuestion([node], options, (shape, gates, input) => shape.keep([{ listId, gate: only(gates) }], input));
}

/**
 * @throws StatementLimitError if a statement would be too long however few leaves it has.
 */
export function compileQuestion(
  nodes: readonly PlanNode[],
  options: QuestionOptions,
  write: AskWriter,
): CompiledQuestion {
  const chosen = chooseShape(nodes, options);
  let limits = chosen.limits;
  for (;;) {
    const compiled = compileWithin(nodes, chosen, limits, options, write);
    const longest = Math.max(
      0,
      ...compiled.prepare.map((sql) => sql.length),
      ...compiled.asks.map(({ sql }) => sql.length),
    );
    if (longest <= limits.lengthMax) return compiled;
    if (limits.leavesMax <= 1) {
      throw new StatementLimitError(
        `a statement for one predicate is ${longest} characters long and the limit is ${limits.lengthMax}. ` +
          'Use fewer or shorter values in its lists.',
      );
    }
    limits = { ...limits, leavesMax: Math.floor(limits.leavesMax / 2), askedMax: Math.ceil(limits.askedMax / 2) };
  }
}

interface ChosenShape {
  readonly shape: Shape;
  readonly reason: string;
  readonly builder: GateBuilder;
  readonly gates: readonly Gate[];
  readonly limits: StatementLimits;
}

function chooseShape(nodes: readonly PlanNode[], options: QuestionOptions): ChosenShape {
  if (options.shape === 'bitmap') return inShape(nodes, bitmapShape, 'asked for by STARROCKS_SQL_SHAPE', options);
  if (options.shape === 'mixed') return inShape(nodes, mixedShape, 'asked for by STARROCKS_SQL_SHAPE', options);
  const mixed = inShape(nodes, mixedShape, 'a leaf is read from columns', options);
  const { leaves } = reach(mixed.gates, new Map());
  if (leaves.some(({ kind }) => kind === 'scan')) return mixed;
  if (leaves.length === 0) return { ...mixed, reason: 'there is no leaf' };
  return inShape(nodes, bitmapShape, 'every leaf is a stored bitmap', options);
}

function inShape(nodes: readonly PlanNode[], shape: Shape, reason: string, options: QuestionOptions): ChosenShape {
  const limits = { ...(shape === bitmapShape ? BITMAP_LIMITS : MIXED_LIMITS), ...options.limits };
  const { placeKv } = options;
  const builder = new GateBuilder({
    inputsMax: limits.inputsMax,
    spellsSums: shape === bitmapShape,
    ...(placeKv === undefined ? {} : { placeKv }),
  });
  return { shape, reason, builder, limits, gates: nodes.map((node) => builder.of(node)) };
}

function compileWithin(
  nodes: readonly PlanNode[],
  { shape, reason, builder, gates }: ChosenShape,
  limits: StatementLimits,
  { openLeaves, keptAs, filter = null }: QuestionOptions,
  write: AskWriter,
): CompiledQuestion {
  const split = splitGates(
    gates.filter(({ kind }) => kind !== 'none'),
    limits,
  );
  const listIds = new Map<Gate, string>();
  split.kept.forEach((statement) => statement.gates.forEach((gate) => listIds.set(gate, `${keptAs}${listIds.size}`)));
  const inputOf = (reads: readonly Gate[]): StatementInput => ({
    leaves: openLeaves(),
    filter,
    replaced: new Map(reads.map((gate) => [gate, keptLeaf(builder, listIds.get(gate) ?? '')] as const)),
  });
  const prepare = split.kept.map((statement) =>
    shape.keep(
      statement.gates.map((gate) => ({ gate, listId: listIds.get(gate) ?? '' })),
      inputOf(statement.reads),
    ),
  );
  const indexes = new Map<Gate, number[]>();
  gates.forEach((gate, index) => indexes.set(gate, [...(indexes.get(gate) ?? []), index]));
  const asks = split.asked.map((statement) => ({
    sql: write(shape, statement.gates, inputOf(statement.reads)),
    columns: statement.gates.map((gate) => indexes.get(gate) ?? []),
  }));
  return { shape: shape.name, reason, prepare, keptLists: [...listIds.values()], asks, nobody: nobodyOf(nodes, gates) };
}

function keptLeaf(builder: GateBuilder, listId: string): LeafGate {
  const gate = builder.stored(storedList(listId));
  if (!isLeaf(gate)) throw new Error(`list ${listId} is no leaf`);
  return gate;
}

function nobodyOf(nodes: readonly PlanNode[], gates: readonly Gate[]): readonly number[] {
  return nodes.flatMap((_, index) => (gates[index]?.kind === 'none' ? [index] : []));
}

function only(gates: readonly Gate[]): Gate {
  const [gate] = gates;
  if (gate === undefined || gates.length !== 1)
    throw new Error(`one gate was asked for, and there are ${gates.length}`);
  return gate;
}
