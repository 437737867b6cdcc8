import type { PlanNode } from '../plan';
import type { RewriteLog, RewriteName } from '../rewrite-log';

/** What a rewrite may use. */
export interface RewriteContext {
  /** Rewrites a new inner node, whose own inputs are rewritten already, and interns it. */
  readonly normalise: (node: PlanNode) => PlanNode;
  readonly log: RewriteLog;
}

/**
 * One meaning-preserving step at one node, whose inputs are rewritten already. Returns the very same object when it has nothing
 * to do, else a node that denotes the same set of users for all data; logs why.
 */
export interface Rewrite {
  readonly name: RewriteName;
  readonly apply: (node: PlanNode, context: RewriteContext) => PlanNode;
}
