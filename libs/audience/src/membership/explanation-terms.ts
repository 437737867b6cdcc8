import type { UserView } from '../engine/user-view';
import type {
  AllNode,
  AudienceNode,
  EventNode,
  Expression,
  ListNode,
  SequenceNode,
  TagNode,
} from '../expression/expression';
import { planEvent, planSequence, planTag } from '../plan/plan-leaf';
import { isMember } from './is-member';

/** What decides by itself: of a tag the predicate without its implied conditions, of audiences the snapshots. */
export type Leaf = AllNode | TagNode | EventNode | SequenceNode | ListNode | AudienceNode;

/** Whose expression a node's path points into. */
export interface TermPlace {
  readonly audienceId: string | null;
  readonly impliedBy: string | null;
}

interface TermState {
  readonly place: TermPlace;
  /** At as-of. */
  member: boolean;
  /** The first instant at which time alone flips it. */
  flipsAtMs: number | null;
}

export type LeafTerm = TermState & { readonly gate: 'leaf'; readonly expression: Leaf };
/** `needed` of the children make it true; `not` has one child. */
export type GateTerm = TermState & {
  readonly gate: 'count' | 'not';
  readonly expression: Expression;
  readonly needed: number;
  readonly children: readonly Term[];
};
/** An expression as gates over leaves: implied conditions and the expressions of live audiences are put in. */
export type Term = LeafTerm | GateTerm;

/** The terms of one expression. An audience used several times is one term, so that nesting audiences does not multiply them. */
export class TermTree {
  readonly root: Term;
  /** Every leaf, in document order. */
  readonly leaves: readonly LeafTerm[];
  readonly #leaves: LeafTerm[] = [];
  readonly #audiences = new Map<Expression, Term>();

  constructor(expression: Expression) {
    this.root = this.#termOf(expression, { audienceId: null, impliedBy: null });
    this.leaves = this.#leaves;
  }

  #termOf(expression: Expression, place: TermPlace): Term {
    switch (expression.kind) {
      case 'and':
      case 'or':
      case 'atLeast': {
        const children = expression.children.map((child) => this.#termOf(child, place));
        return { ...gateOf(expression, place, children), needed: neededOf(expression) };
      }
      case 'not':
        return { ...gateOf(expression, place, [this.#termOf(expression.child, place)]), gate: 'not' };
      case 'tag': {
        const predicate = this.#leaf(expression, place);
        if (expression.implied.length === 0) {
          return predicate;
        }
        const impliedPlace = { ...place, impliedBy: expression.tag.name };
        const implied = expression.implied.map((condition) => this.#termOf(condition, impliedPlace));
        return gateOf(expression, place, [predicate, ...implied]);
      }
      case 'audience':
        return expression.child === null
          ? this.#leaf(expression, place)
          : gateOf(expression, place, [this.#audience(expression.audienceId, expression.child)]);
      case 'all':
      case 'event':
      case 'sequence':
      case 'list':
        return this.#leaf(expression, place);
    }
  }

  #audience(audienceId: string, child: Expression): Term {
    const term = this.#audiences.get(child) ?? this.#termOf(child, { audienceId, impliedBy: null });
    this.#audiences.set(child, term);
    return term;
  }

  #leaf(expression: Leaf, place: TermPlace): LeafTerm {
    const term: LeafTerm = { gate: 'leaf', expression, place, member: false, flipsAtMs: null };
    this.#leaves.push(term);
    return term;
  }
}

function neededOf(expression: Extract<Expression, { kind: 'and' | 'or' | 'atLeast' }>): number {
  switch (expression.kind) {
    case 'and':
      return expression.children.length;
    case 'or':
      return 1;
    case 'atLeast':
      return expression.atLeast;
  }
}

/** A gate that needs all of its children. */
function gateOf(expression: Expression, place: TermPlace, children: readonly Term[]): GateTerm {
  return { gate: 'count', expression, place, needed: children.length, children, member: false, flipsAtMs: null };
}

/** Whether the leaf holds for the user when as-of is `asOfMs`. */
export function evaluateLeaf(leaf: Leaf, asOfMs: number, view: UserView): boolean {
  switch (leaf.kind) {
    case 'all':
      return true;
    case 'tag':
      return isMember(planTag(leaf, { asOfMs }), view);
    case 'event':
      return isMember(planEvent(leaf, { asOfMs }), view);
    case 'sequence':
      return isMember(planSequence(leaf, { asOfMs }), view);
    case 'list':
      return view.inList(leaf.listId);
    case 'audience':
      return view.inSnapshot(leaf.audienceId, leaf.version);
  }
}

/** Evaluates a term and all below it. `results` holds those of the leaves and gets those of the gates. */
export function evaluateTerm(term: Term, results: Map<Term, boolean>): boolean {
  const known = results.get(term);
  if (known !== undefined) {
    return known;
  }
  let member = term.member;
  if (term.gate !== 'leaf') {
    const met = term.children.filter((child) => evaluateTerm(child, results)).length;
    member = term.gate === 'not' ? met === 0 : met >= term.needed;
  }
  results.set(term, member);
  return member;
}
