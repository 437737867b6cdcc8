import { formatInstant } from '@tessera/tag-catalog';
import type { UserView } from '../engine/user-view';
import type { Expression } from '../expression/expression';
import type { Plan } from '../plan/plan';
import type { LeafDetails } from './explain-leaf';
import { explainLeaf } from './explain-leaf';
import type { GateTerm, LeafTerm, Term } from './explanation-terms';
import { evaluateLeaf, evaluateTerm, TermTree } from './explanation-terms';
import { isMember } from './is-member';
import type { ChangedLeaf, ExplainedNode, MembershipExplanation } from './membership-explanation';
import { searchFlips } from './search-flips';
import { smallestChange } from './smallest-change';
import { StillView } from './still-view';

export const FLIP_INSTANTS_MAX = 2_000;
/** Some 0.1 to 0.2 s of synchronous work at most. */
export const FLIP_WORK_MAX = 2_000_000;

/** `buildPlan`, or one that goes through a cache. */
export type PlanBuilder = (
  expression: Expression,
  options: { readonly asOfMs: number; readonly rewrites?: boolean },
) => Plan;

export interface ExplainRequest {
  readonly expression: Expression;
  readonly asOfMs: number;
  /** Of a known user; read synchronously. */
  readonly view: UserView;
  readonly buildPlan: PlanBuilder;
  /** The wall clock, which moves on with as-of while looking for `flipsAt` (retention follows it). Default: as-of. */
  readonly wallClockMs?: number;
  /** Instants looked at for `flipsAt`, default 2,000. */
  readonly flipInstantsMax?: number;
}

/**
 * Why a user is or is not in the set of an expression: every node with what it compares, the smallest change that flips it, and when
 * time alone will. Membership is the plan's; the nodes are evaluated one by one from the same leaves.
 */
export function explainMembership(request: ExplainRequest): MembershipExplanation {
  const { expression, asOfMs, buildPlan } = request;
  const moment = { asOfMs, wallClockMs: request.wallClockMs ?? asOfMs };
  const view = new StillView(request.view, moment.wallClockMs);
  const { root, leaves } = new TermTree(expression);
  const results = new Map<Term, boolean>(leaves.map((leaf) => [leaf, evaluateLeaf(leaf.expression, asOfMs, view)]));
  evaluateTerm(root, results);
  for (const [term, result] of results) {
    term.member = result;
  }
  const member = isMember(buildPlan(expression, { asOfMs }).root, view);
  if (member !== root.member) {
    throw new Error('the plan and the explanation disagree on the membership: one of them is wrong, please report it');
  }
  const details = new Map(leaves.map((leaf) => [leaf, explainLeaf(leaf, asOfMs, view)]));
  const search = searchFlips(root, leaves, moment, view, {
    instantsMax: request.flipInstantsMax ?? FLIP_INSTANTS_MAX,
    workMax: FLIP_WORK_MAX,
  });
  return {
    member,
    asOf: formatInstant(asOfMs),
    root: new TermExplainer(details).explain(root),
    smallestChange: describeSmallestChange(root, details),
    flipsAt: root.flipsAtMs === null ? null : formatInstant(root.flipsAtMs),
    search: {
      instants: search.instants,
      complete: search.complete,
      until: search.untilMs === null ? null : formatInstant(search.untilMs),
    },
  };
}

type Details = ReadonlyMap<LeafTerm, LeafDetails>;

function describeSmallestChange(root: Term, details: Details): MembershipExplanation['smallestChange'] {
  const chosen = smallestChange(root, (leaf) => {
    const change = details.get(leaf)?.change ?? null;
    return change === null ? 'never' : change.byMessage ? 'byMessage' : 'otherwise';
  });
  if (chosen === null) {
    return null;
  }
  const changes = chosen.flatMap((leaf): readonly ChangedLeaf[] => {
    const change = details.get(leaf)?.change ?? null;
    const { audienceId, impliedBy } = leaf.place;
    return change === null
      ? []
      : [
          {
            path: leaf.expression.path,
            ...(audienceId === null ? {} : { audience: audienceId }),
            ...(impliedBy === null ? {} : { impliedBy }),
            change,
          },
        ];
  });
  return { leaves: changes.length, changes };
}

class TermExplainer {
  /** Audiences explained already: nested ones could otherwise make the answer grow without bound. */
  readonly #shown = new Set<Term>();

  constructor(readonly details: Details) {}

  explain(term: Term): ExplainedNode {
    const { expression, member, flipsAtMs } = term;
    const head = {
      path: expression.path,
      ...(expression.id === null ? {} : { id: expression.id }),
      kind: expression.kind,
      member,
      ...(flipsAtMs === null ? {} : { flipsAt: formatInstant(flipsAtMs) }),
    };
    return term.gate === 'leaf' ? { ...head, ...this.details.get(term) } : { ...head, ...this.#explainGate(term) };
  }

  #explainGate(term: GateTerm): Partial<ExplainedNode> {
    const { expression } = term;
    const [first] = term.children;
    if (expression.kind === 'tag' && first?.gate === 'leaf') {
      const implied = term.children.slice(1).map((child) => this.explain(child));
      return { ...this.details.get(first), predicate: first.member, implied };
    }
    if (expression.kind === 'audience' && first !== undefined) {
      const named = { audience: expression.audienceId, version: expression.version, mode: expression.mode };
      if (this.#shown.has(first)) {
        return { ...named, shownBefore: true };
      }
      this.#shown.add(first);
      return { ...named, children: [this.explain(first)] };
    }
    const children = term.children.map((child) => this.explain(child));
    if (expression.kind === 'not') {
      return { children };
    }
    const childrenMet = children.filter((child) => child.member).length;
    return { ...(expression.kind === 'atLeast' ? { atLeast: expression.atLeast } : {}), childrenMet, children };
  }
}
