import type { Expression, TagNode, Window } from '../expression/expression';
import { WatchedAsOf } from './as-of';
import type { NodeOutput, Plan, PlanNode, ResolvedWindow } from './plan';
import { planEvent, planMissing, planSequence, planTag } from './plan-leaf';
import {
  differenceNode,
  intersectNode,
  listReadNode,
  snapshotReadNode,
  thresholdNode,
  unionNode,
  universeNode,
} from './plan-nodes';
import { RewriteLog } from './rewrite-log';
import { PlanRewriter, REWRITES } from './rewrite-plan';
import { resolveWindow } from './resolve-window';
import { showInstant } from './show-instant';

export interface PlanOptions {
  /** "Now" for windows, withinLast, anniversary and TTL, ms since the epoch. */
  readonly asOfMs: number;
  /**
   * False: one obvious plan node for every node of the expression; only what the meaning itself asks for (implied conditions,
   * placement) is done. Default true. The answers are the same either way.
   */
  readonly rewrites?: boolean;
}

/**
 * Plans a bound expression at as-of. Every node of the expression as sent gets a plan node of its own in `outputs`, made by
 * the same rewrites as the root; equal (sub-)plans are one object. Takes time about linear in the size of the expression;
 * nodes and audiences used several times as one object are planned once.
 */
export function buildPlan(expression: Expression, options: PlanOptions): Plan {
  const builder = new PlanBuilder(new WatchedAsOf(options.asOfMs), options.rewrites ?? true);
  const root = builder.plan(expression);
  const outputs: NodeOutput[] = [];
  const windows: ResolvedWindow[] = [];
  visitInDocumentOrder(expression, (node) => {
    outputs.push({
      path: node.path,
      id: node.id,
      node: builder.plan(node),
      missing: node.kind === 'tag' ? builder.planMissing(node) : null,
    });
    if ((node.kind === 'event' || node.kind === 'sequence') && node.window !== null) {
      windows.push(showWindow(node.path, node.window, builder.asOf.asOfMs));
    }
  });
  return Object.freeze({
    root,
    outputs: Object.freeze(outputs),
    asOfMs: options.asOfMs,
    dependsOnAsOf: builder.asOf.wasRead,
    rewrites: builder.log.steps(),
    windows: Object.freeze(windows),
  });
}

class PlanBuilder {
  readonly log = new RewriteLog();
  readonly #rewriter: PlanRewriter;
  readonly #planned = new Map<Expression, PlanNode>();
  readonly #placedTypes = new Set<string>();
  readonly #rewrites: boolean;

  constructor(
    readonly asOf: WatchedAsOf,
    rewrites: boolean,
  ) {
    this.#rewrites = rewrites;
    this.#rewriter = new PlanRewriter(this.log, rewrites ? REWRITES : []);
  }

  plan(expression: Expression): PlanNode {
    let node = this.#planned.get(expression);
    if (node === undefined) {
      node = this.#planNew(expression);
      this.#planned.set(expression, node);
    }
    return node;
  }

  planMissing(node: TagNode): PlanNode {
    return this.#rewriter.normalise(planMissing(node.tag, this.asOf));
  }

  #planNew(expression: Expression): PlanNode {
    switch (expression.kind) {
      case 'and':
        return this.#rewriter.normalise(intersectNode(this.#planAll(expression.children)));
      case 'or':
        return this.#rewriter.normalise(unionNode(this.#planAll(expression.children)));
      case 'not':
        return this.#rewriter.normalise(differenceNode(universeNode(), this.plan(expression.child)));
      case 'atLeast':
        return this.#rewriter.normalise(thresholdNode(expression.atLeast, this.#planAll(expression.children)));
      case 'all':
        return this.#rewriter.normalise(universeNode());
      case 'tag':
        return this.#planTag(expression);
      case 'event':
        return this.#planLeaf(planEvent(expression, this.asOf));
      case 'sequence':
        return this.#planLeaf(planSequence(expression, this.asOf));
      case 'audience':
        return expression.child === null
          ? this.#planLeaf(snapshotReadNode(expression.audienceId, expression.version))
          : this.plan(expression.child);
      case 'list':
        return this.#planLeaf(listReadNode(expression.listId));
    }
  }

  #planAll(children: readonly Expression[]): readonly PlanNode[] {
    return children.map((child) => this.plan(child));
  }

  #planTag(node: TagNode): PlanNode {
    const { tag } = node;
    if (!this.#placedTypes.has(tag.typeName)) {
      this.#placedTypes.add(tag.typeName);
      const how = tag.kind === 'kv' ? 'read as stored sets of users' : 'tested in its profile scan';
      this.log.add('choose placement', `tags of the ${tag.kind} type ${tag.typeName} are ${how}`);
    }
    const own = this.#planLeaf(planTag(node, this.asOf));
    if (node.implied.length === 0) {
      return own;
    }
    this.log.add('add implied conditions', `every use of ${tag.name} asks for its implied conditions as well`);
    return this.#rewriter.normalise(intersectNode([own, ...this.#planAll(node.implied)]));
  }

  #planLeaf(leaf: PlanNode): PlanNode {
    if (this.#rewrites && this.#rewriter.knows(leaf)) {
      this.log.add('share equal leaves', 'a predicate used in several places is evaluated once');
    }
    return this.#rewriter.normalise(leaf);
  }
}

/** Audience internals and implied conditions are not part of the expression as sent. */
function visitInDocumentOrder(expression: Expression, visit: (node: Expression) => void): void {
  visit(expression);
  switch (expression.kind) {
    case 'and':
    case 'or':
    case 'atLeast':
      expression.children.forEach((child) => visitInDocumentOrder(child, visit));
      return;
    case 'not':
      visitInDocumentOrder(expression.child, visit);
      return;
    case 'all':
    case 'tag':
    case 'event':
    case 'sequence':
    case 'audience':
    case 'list':
      return;
  }
}

function showWindow(path: string, window: Window, asOfMs: number): ResolvedWindow {
  const { fromMs, toMs } = resolveWindow(window, asOfMs);
  // A window that begins after as-of is shown as what it is: empty.
  const endMs = fromMs === null ? toMs : Math.max(fromMs, toMs);
  return { path, from: fromMs === null ? null : showInstant(fromMs), to: showInstant(endMs) };
}
