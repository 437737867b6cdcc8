import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { INSTANT_MAX_MS } from '@tessera/tag-catalog';
import type { RowWants, SnapshotWants, UserWants } from '../engine/user-reader';
import type { Expression } from '../expression/expression';
import type { Interval, PlanNode, SequenceScanNode } from '../plan/plan';
import { inputsOf } from '../plan/plan-nodes';

/** True: who reads no more than that needs neither rows nor lists nor snapshots. */
export function needsTagsOnly(wants: UserWants): boolean {
  return [wants.rows, wants.totals, wants.lists, wants.snapshots].every((each) => each.length === 0);
}

const wantsOfPlans = new WeakMap<PlanNode, UserWants>();

/** What `isMember` looks at. Remembered as long as the node lives. */
export function wantsOfPlan(root: PlanNode): UserWants {
  let wants = wantsOfPlans.get(root);
  if (wants === undefined) {
    const collector = new WantsCollector();
    collector.addNode(root);
    wants = collector.wants;
    wantsOfPlans.set(root, wants);
  }
  return wants;
}

/** What `explainMembership` looks at: of events every row there is, for it asks about other instants too. */
export function wantsOfExpression(expression: Expression): UserWants {
  const collector = new WantsCollector();
  collector.addExpression(expression);
  return collector.wants;
}

/** What any of several readings looks at. */
export function allWants(all: readonly UserWants[]): UserWants {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  return {
    tags: new Set(all.flatMap(({ tags }) => [...tags])),
    rows: all.flatMap(({ rows }) => rows),
    totals: all.flatMap(({ totals }) => totals),
    lists: [...new Set(all.flatMap(({ lists }) => lists))],
    snapshots: all.flatMap(({ snapshots }) => snapshots),
  };
}

class WantsCollector {
  readonly #seen = new Set<PlanNode | Expression>();
  readonly #tags = new Set<TagDefinition>();
  readonly #rows: RowWants[] = [];
  readonly #lists = new Set<string>();
  readonly #snapshots: SnapshotWants[] = [];

  get wants(): UserWants {
    return { tags: this.#tags, rows: this.#rows, totals: [], lists: [...this.#lists], snapshots: this.#snapshots };
  }

  addNode(node: PlanNode): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    switch (node.kind) {
      case 'profileScan':
        node.tests.forEach(({ tag }) => this.#tags.add(tag));
        return;
      case 'kvRead':
        this.#tags.add(node.test.tag);
        return;
      case 'eventScan':
        this.#addRows(node.eventType, node.interval);
        return;
      case 'sequenceScan':
        node.steps.forEach(({ eventType }) => this.#addRows(eventType, intervalOfSequence(node)));
        return;
      case 'listRead':
        this.#lists.add(node.listId);
        return;
      case 'snapshotRead':
        this.#snapshots.push({ audienceId: node.audienceId, version: node.version });
        return;
      case 'universe':
      case 'empty':
      case 'intersect':
      case 'union':
      case 'difference':
      case 'threshold':
        inputsOf(node).forEach((input) => this.addNode(input));
    }
  }

  addExpression(node: Expression): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    switch (node.kind) {
      case 'and':
      case 'or':
      case 'atLeast':
        node.children.forEach((child) => this.addExpression(child));
        return;
      case 'not':
        this.addExpression(node.child);
        return;
      case 'tag':
        this.#tags.add(node.tag);
        node.implied.forEach((implied) => this.addExpression(implied));
        return;
      case 'event':
        this.#addRows(node.eventType, EVER);
        return;
      case 'sequence':
        node.steps.forEach(({ eventType }) => this.#addRows(eventType, EVER));
        return;
      case 'audience':
        if (node.child === null) this.#snapshots.push({ audienceId: node.audienceId, version: node.version });
        else this.addExpression(node.child);
        return;
      case 'list':
        this.#lists.add(node.listId);
        return;
      case 'all':
        return;
    }
  }

  #addRows(type: TagTypeDefinition, { fromMs, toMs }: Interval): void {
    const covers = (other: RowWants): boolean =>
      other.type.id === type.id &&
      other.toMs >= toMs &&
      (other.fromMs === null || (fromMs !== null && other.fromMs <= fromMs));
    if (!this.#rows.some(covers)) this.#rows.push({ type, fromMs, toMs, newest: null });
  }
}

const EVER: Interval = { fromMs: null, toMs: INSTANT_MAX_MS + 1 };

/** The rows that `findSequence` looks at. */
function intervalOfSequence({ interval, withinMs, rowsBeforeMs }: SequenceScanNode): Interval {
  return {
    fromMs: interval.fromMs === null || withinMs === null ? null : interval.fromMs - withinMs,
    toMs: Math.min(interval.toMs, rowsBeforeMs),
  };
}
