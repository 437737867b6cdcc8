import type { PlanNode } from '@tessera/audience';
import { LeafLimitError } from '../leaves';
import type { ValueList } from '../leaves';
import { bitmapShape } from './bitmap-shape';
import type { Gate, LeafGate } from './gate';
import { isLeaf } from './gate';
import { GateBuilder, storedList } from './gate-builder';
import type { GateOptions } from './gate-builder';
import { reach } from './levels';
import type { StatementLimits } from './limits';
import { BITMAP_LIMITS, MIXED_LIMITS, StatementLimitError } from './limits';
import { mixedShape } from './mixed-shape';
import { OPERATOR_COSTS } from './operators';
import type { LeafSource, Shape, StatementInput, UserFilter } from './shape';
import { splitGates } from './split-gates';

export type ShapeChoice = 'auto' | 'mixed' | 'bitmap';

export interface QuestionOptions {
  /** `auto`: bitmap where every leaf is a stored bitmap, else mixed. */
  readonly shape: ShapeChoice;
  /** For a statement of the question; they are counted from 0. */
  readonly openLeaves: (statement: number) => LeafSource;
  readonly placeKv?: GateOptions['placeKv'];
  /** What results that have to be kept for the question are called; each gets a number after it. */
  readonly keptAs: string;
  readonly filter?: UserFilter | null;
  /** Statements hold this fraction, 1 / part, of what the limits allow; default 1. For a server that finds them too complex. */
  readonly part?: number;
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
  /** Distinct. Have to be stored before anything else, gone with the question. */
  readonly valueLists: readonly ValueList[];
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
  for (let part = options.part ?? 1; ; part *= 2) {
    const chosen = chooseShape(nodes, options, part);
    const outcome = compileWithin(chosen, options, write);
    if ('asks' in outcome) return outcome;
    if (chosen.limits.leavesMax <= LEAVES_MIN) {
      throw new StatementLimitError(
        `${outcome.tooMuch} in a statement of ${chosen.limits.leavesMax} predicates. Use fewer or shorter values in the lists of a rule.`,
      );
    }
  }
}

/** With fewer leaves statements are not made smaller. */
const LEAVES_MIN = 16;
/** Room for a sum over as many leaves. */
const OPERATORS_MIN = 300;

interface ChosenShape {
  readonly shape: Shape;
  readonly reason: string;
  readonly builder: GateBuilder;
  readonly gates: readonly Gate[];
  readonly limits: StatementLimits;
}

/**
 * Terms of a sum that bitmaps are added up for. The frontend puts the digits into each other: 1,100 operators at 8 terms, 4,300 at 10, 27,000 at 16.
 */
const COUNTED_MAX = 8;

/** @param part statements hold this fraction, 1 / part, of what the limits allow. */
function chooseShape(nodes: readonly PlanNode[], options: QuestionOptions, part: number): ChosenShape {
  const make = (shape: Shape, reason: string): ChosenShape =>
    inShape(nodes, shape, reason, limitsOf(shape, options, part), options.placeKv);
  if (options.shape === 'bitmap') return make(bitmapShape, 'asked for by STARROCKS_SQL_SHAPE');
  if (options.shape === 'mixed') return make(mixedShape, 'asked for by STARROCKS_SQL_SHAPE');
  const mixed = make(mixedShape, 'a leaf is read from columns');
  const { leaves, inner } = reach(mixed.gates, new Map());
  if (leaves.some(({ kind }) => kind === 'scan')) return mixed;
  if (inner.some((gate) => gate.kind === 'sum' && gate.terms.length > COUNTED_MAX)) {
    return { ...mixed, reason: `thresholds of more than ${COUNTED_MAX} parts are added up per user` };
  }
  if (leaves.length === 0) return { ...mixed, reason: 'there is no leaf' };
  return make(bitmapShape, 'every leaf is a stored bitmap');
}

function limitsOf(shape: Shape, options: QuestionOptions, part: number): StatementLimits {
  const limits = { ...(shape === bitmapShape ? BITMAP_LIMITS : MIXED_LIMITS), ...options.limits };
  const leavesMax = Math.max(LEAVES_MIN, Math.floor(limits.leavesMax / part));
  const askedMax = Math.ceil(limits.askedMax / part);
  const operatorsMax = Math.max(Math.min(OPERATORS_MIN, limits.operatorsMax), Math.floor(limits.operatorsMax / part));
  return { ...limits, leavesMax, askedMax, operatorsMax, inputsMax: Math.min(limits.inputsMax, leavesMax) };
}

function inShape(
  nodes: readonly PlanNode[],
  shape: Shape,
  reason: string,
  limits: StatementLimits,
  placeKv: GateOptions['placeKv'],
): ChosenShape {
  const builder = new GateBuilder({
    inputsMax: limits.inputsMax,
    spellsSums: shape === bitmapShape,
    ...(placeKv === undefined ? {} : { placeKv }),
  });
  return { shape, reason, builder, limits, gates: nodes.map((node) => builder.of(node)) };
}

/** Something of a statement is more than it can hold. */
interface TooMuch {
  readonly tooMuch: string;
}

function compileWithin(
  { shape, reason, builder, gates, limits }: ChosenShape,
  { openLeaves, keptAs, filter = null }: QuestionOptions,
  write: AskWriter,
): CompiledQuestion | TooMuch {
  const split = splitGates(
    gates.filter(({ kind }) => kind !== 'none'),
    limits,
    OPERATOR_COSTS[shape.name],
  );
  const listIds = new Map<Gate, string>();
  split.kept.forEach((statement) => statement.gates.forEach((gate) => listIds.set(gate, `${keptAs}${listIds.size}`)));
  const listOf = (gate: Gate): string => listIds.get(gate) ?? '';
  const sources: LeafSource[] = [];
  const inputOf = (reads: readonly Gate[]): StatementInput => {
    const leaves = openLeaves(sources.length);
    sources.push(leaves);
    return { leaves, filter, replaced: new Map(reads.map((gate) => [gate, keptLeaf(builder, listOf(gate))] as const)) };
  };
  try {
    const prepare = split.kept.map((statement) =>
      shape.keep(
        statement.gates.map((gate) => ({ gate, listId: listOf(gate) })),
        inputOf(statement.reads),
      ),
    );
    const indexes = indexesOf(gates);
    const asks = split.asked.map((statement) => ({
      sql: write(shape, statement.gates, inputOf(statement.reads)),
      columns: statement.gates.map((gate) => indexes.get(gate) ?? []),
    }));
    const longest = Math.max(0, ...[...prepare, ...asks.map(({ sql }) => sql)].map((sql) => sql.length));
    if (longest > limits.lengthMax) return { tooMuch: `${longest} characters (at most ${limits.lengthMax})` };
    const valueLists = [...new Set(sources.flatMap((source) => source.valueLists()))];
    const nobody = gates.flatMap((gate, index) => (gate.kind === 'none' ? [index] : []));
    return { shape: shape.name, reason, prepare, keptLists: [...listIds.values()], valueLists, asks, nobody };
  } catch (error) {
    if (error instanceof LeafLimitError && error.limit === 'relations') return { tooMuch: error.message };
    throw error;
  }
}

function indexesOf(gates: readonly Gate[]): ReadonlyMap<Gate, readonly number[]> {
  const indexes = new Map<Gate, number[]>();
  gates.forEach((gate, index) => {
    const known = indexes.get(gate);
    if (known === undefined) indexes.set(gate, [index]);
    else known.push(index);
  });
  return indexes;
}

function keptLeaf(builder: GateBuilder, listId: string): LeafGate {
  const gate = builder.stored(storedList(listId));
  if (!isLeaf(gate)) throw new Error(`list ${listId} is no leaf`);
  return gate;
}

function only(gates: readonly Gate[]): Gate {
  const [gate] = gates;
  if (gate === undefined || gates.length !== 1)
    throw new Error(`one gate was asked for, and there are ${gates.length}`);
  return gate;
}
