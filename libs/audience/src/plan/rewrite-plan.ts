import type { PlanNode } from './plan';
import type { RewriteLog } from './rewrite-log';
import { flatten } from './rewrites/flatten';
import { foldConstants } from './rewrites/fold-constants';
import { mergeScans } from './rewrites/merge-scans';
import { orderByCost } from './rewrites/order-by-cost';
import { pushNot } from './rewrites/push-not';
import type { Rewrite, RewriteContext } from './rewrites/rewrite';
import { shareLeaves } from './rewrites/share-leaves';

/** In the order in which they are applied to a node. */
export const REWRITES: readonly Rewrite[] = [foldConstants, flatten, pushNot, mergeScans, shareLeaves, orderByCost];

/** Every rewrite makes a node smaller or puts it in order; far fewer rounds than this settle any node. */
const ROUNDS_MAX = 100;

/**
 * Brings nodes into normal form, from the leaves up: a node handed in has inputs that were handed in before. Equal nodes come
 * out as one object, and are worked on once.
 */
export class PlanRewriter {
  readonly #rewritten = new Map<string, PlanNode>();
  readonly #interned = new Map<string, PlanNode>();
  readonly #context: RewriteContext;

  /** @param rewrites the steps to apply; none: nodes are only interned. */
  constructor(
    log: RewriteLog,
    readonly rewrites: readonly Rewrite[] = REWRITES,
  ) {
    this.#context = { normalise: (node) => this.normalise(node), log };
  }

  /** True once a node of this key was handed in. */
  knows(node: PlanNode): boolean {
    return this.#rewritten.has(node.key);
  }

  normalise(node: PlanNode): PlanNode {
    const known = this.#rewritten.get(node.key);
    if (known !== undefined) {
      return known;
    }
    const settled = this.#settle(node);
    const interned = this.#interned.get(settled.key) ?? settled;
    this.#interned.set(interned.key, interned);
    this.#rewritten.set(node.key, interned);
    this.#rewritten.set(interned.key, interned);
    return interned;
  }

  #settle(node: PlanNode): PlanNode {
    let current = node;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const before = current;
      for (const rewrite of this.rewrites) {
        current = rewrite.apply(current, this.#context);
        const known = this.#rewritten.get(current.key);
        if (known !== undefined) {
          return known;
        }
      }
      if (current === before) {
        return current;
      }
    }
    return current;
  }
}
