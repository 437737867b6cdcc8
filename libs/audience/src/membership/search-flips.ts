import { INSTANT_MAX_MS } from '@tessera/tag-catalog';
import type { FieldCondition } from '../expression/expression';
import type { Moment } from './candidate-instants';
import { instantsOfLeaf } from './candidate-instants';
import type { Leaf, LeafTerm, Term } from './explanation-terms';
import { evaluateLeaf, evaluateTerm } from './explanation-terms';
import type { StillView } from './still-view';

export interface FlipSearch {
  /** Instants looked at. */
  readonly instants: number;
  /** False: there may be changes after `untilMs` that were not looked at. */
  readonly complete: boolean;
  readonly untilMs: number | null;
}

export interface FlipSearchLimits {
  /** Instants looked at, at most. */
  readonly instantsMax: number;
  /** Roughly one unit per row read; bounds the time of one search to some 0.1 s. */
  readonly workMax: number;
}

/** Making a leaf's plan, in the unit of `workMax`. */
const LEAF_WORK = 50;

interface DueLeaf {
  readonly atMs: number;
  readonly leaf: LeafTerm;
}

/**
 * Lets time pass for one user with no new data and notes on every term the first instant at which it flips. Each leaf is looked at
 * only at the instants at which it can change; between them it stays what it is, so the first flip of the root is exact.
 */
export function searchFlips(
  root: Term,
  leaves: readonly LeafTerm[],
  moment: Moment,
  view: StillView,
  limits: FlipSearchLimits,
): FlipSearch {
  const collected = collectDue(leaves, moment, view, limits.workMax);
  if (collected === null) {
    return { instants: 0, complete: false, untilMs: null };
  }
  const { due, knownBeforeMs } = collected;
  const members = new Map<Term, boolean>(leaves.map((leaf) => [leaf, leaf.member]));
  const openLeaves = new Set(due.map(({ leaf }) => leaf));
  let instants = 0;
  let work = 0;
  let untilMs: number | null = null;
  for (let at = 0; at < due.length;) {
    const atMs = due[at]?.atMs ?? Infinity;
    if (atMs >= knownBeforeMs || instants >= limits.instantsMax || work > limits.workMax) {
      return { instants, complete: false, untilMs };
    }
    if (root.flipsAtMs !== null && openLeaves.size === 0) {
      break;
    }
    instants += 1;
    untilMs = atMs;
    view.wallClockMs = moment.wallClockMs + (atMs - moment.asOfMs);
    let hasChange = false;
    for (let entry = due[at]; entry?.atMs === atMs; entry = due[(at += 1)]) {
      const member = evaluateLeaf(entry.leaf.expression, atMs, view);
      hasChange ||= member !== members.get(entry.leaf);
      members.set(entry.leaf, member);
      work += LEAF_WORK + workOf(entry.leaf.expression, view);
    }
    if (hasChange) {
      const results = new Map(members);
      evaluateTerm(root, results);
      noteFlips(results, atMs, openLeaves);
      work += results.size;
    }
  }
  return { instants, complete: knownBeforeMs === Infinity, untilMs };
}

function noteFlips(results: ReadonlyMap<Term, boolean>, atMs: number, openLeaves: Set<LeafTerm>): void {
  for (const [term, member] of results) {
    if (member !== term.member && term.flipsAtMs === null) {
      term.flipsAtMs = atMs;
      if (term.gate === 'leaf') {
        openLeaves.delete(term);
      }
    }
  }
}

/** null: it takes more than `workMax`. */
function collectDue(
  leaves: readonly LeafTerm[],
  moment: Moment,
  view: StillView,
  workMax: number,
): { readonly due: readonly DueLeaf[]; readonly knownBeforeMs: number } | null {
  const due: DueLeaf[] = [];
  let knownBeforeMs = Infinity;
  let work = 0;
  for (const leaf of leaves) {
    work += workOf(leaf.expression, view);
    if (work + due.length > workMax) {
      return null;
    }
    const instants = instantsOfLeaf(leaf.expression, moment, view);
    knownBeforeMs = Math.min(knownBeforeMs, instants.knownBeforeMs ?? Infinity);
    for (const atMs of new Set(instants.instantsMs)) {
      if (atMs <= INSTANT_MAX_MS) {
        due.push({ atMs, leaf });
      }
    }
  }
  due.sort((left, right) => left.atMs - right.atMs);
  return { due, knownBeforeMs };
}

function workOf(leaf: Leaf, view: StillView): number {
  switch (leaf.kind) {
    case 'tag':
      return listedValues(leaf.condition);
    case 'event':
      return view.allRows(leaf.eventType).length + sumOf(leaf.where.map(listedValues));
    case 'sequence':
      return sumOf(
        leaf.steps.flatMap(({ eventType, where }) => [view.allRows(eventType).length, ...where.map(listedValues)]),
      );
    case 'all':
    case 'list':
    case 'audience':
      return 0;
  }
}

function listedValues(condition: FieldCondition): number {
  return condition.operand.kind === 'list' ? condition.operand.values.length : 0;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
