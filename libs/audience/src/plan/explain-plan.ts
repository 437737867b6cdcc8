import type { EventScanNode, Interval, Plan, PlanNode, PropertyTest, SequenceScanNode } from './plan';
import { describeCondition, describeExact, describeTest } from './describe-condition';
import { measureSpec } from '../expression/measure-spec';
import { inputsOf } from './plan-nodes';
import { showInstant } from './show-instant';

/**
 * A plan as stable text: the same plan gives the same text. One line a node, inputs indented below it in the order of
 * evaluation, then the rewrites that did something. A node used in several places is numbered, shown once and referred to
 * afterwards.
 */
export function explainPlan(plan: Plan): string {
  const explainer = new Explainer(plan.root);
  const lines = [`plan as of ${showInstant(plan.asOfMs)}`, ...explainer.lines(plan.root)];
  if (plan.rewrites.length > 0) {
    lines.push('rewrites', ...plan.rewrites.map(({ name, reason }, index) => `  ${index + 1}. ${name}: ${reason}`));
  }
  return lines.join('\n');
}

class Explainer {
  readonly #uses = new Map<PlanNode, number>();
  readonly #numbers = new Map<PlanNode, number>();
  readonly #lines: string[] = [];

  constructor(root: PlanNode) {
    this.#countUses(root);
  }

  lines(root: PlanNode): readonly string[] {
    this.#explain(root, 1);
    return this.#lines;
  }

  #countUses(node: PlanNode): void {
    const uses = this.#uses.get(node) ?? 0;
    this.#uses.set(node, uses + 1);
    if (uses === 0) {
      inputsOf(node).forEach((input) => this.#countUses(input));
    }
  }

  #explain(node: PlanNode, depth: number): void {
    const indent = '  '.repeat(depth);
    const known = this.#numbers.get(node);
    if (known !== undefined) {
      this.#lines.push(`${indent}#${known} again (${node.kind})`);
      return;
    }
    const isShared = (this.#uses.get(node) ?? 0) > 1 && node.kind !== 'universe' && node.kind !== 'empty';
    let label = '';
    if (isShared) {
      const number = this.#numbers.size + 1;
      this.#numbers.set(node, number);
      label = `#${number} `;
    }
    const [title, ...details] = describe(node);
    this.#lines.push(`${indent}${label}${title ?? node.kind}`, ...details.map((detail) => `${indent}  ${detail}`));
    inputsOf(node).forEach((input) => this.#explain(input, depth + 1));
  }
}

/** The node's own line, then its details. */
function describe(node: PlanNode): readonly string[] {
  switch (node.kind) {
    case 'universe':
      return ['universe'];
    case 'empty':
      return ['empty'];
    case 'intersect':
    case 'union':
      return [`${node.kind} of ${node.inputs.length}`];
    case 'difference':
      return ['difference: the first less the second'];
    case 'threshold':
      return [`threshold: in at least ${node.atLeast} of ${node.inputs.length}`];
    case 'profileScan': {
      const [first, ...rest] = node.tests.map(describeTest);
      return rest.length === 0
        ? [`profileScan ${node.tagType}: ${first ?? ''}`]
        : [`profileScan ${node.tagType}, all of`, ...node.tests.map((test) => `- ${describeTest(test)}`)];
    }
    case 'kvRead':
      return [`kvRead ${node.test.tag.typeName}: ${describeTest(node.test)}`];
    case 'eventScan':
      return describeEvent(node);
    case 'sequenceScan':
      return describeSequence(node);
    case 'snapshotRead':
      return [`snapshotRead ${JSON.stringify(node.audienceId)} version ${node.version}`];
    case 'listRead':
      return [`listRead ${JSON.stringify(node.listId)}`];
  }
}

function describeEvent(node: EventScanNode): readonly string[] {
  const { measure } = node;
  const subject = 'property' in measure ? `${measure.kind}(${measure.property.name})` : measure.kind;
  const goal =
    node.exact !== null
      ? describeExact(subject, node.exact)
      : node.condition === null
        ? subject
        : describeCondition(subject, node.condition, measureSpec(measure));
  return [
    `eventScan ${node.eventType.name}: ${goal}`,
    `rows ${describeInterval(node.interval)}`,
    ...node.where.map(describeWhere),
  ];
}

function describeSequence(node: SequenceScanNode): readonly string[] {
  const within = node.withinMs === null ? '' : ` within ${node.withinMs} ms`;
  return [
    `sequenceScan of ${node.steps.length} steps${within}`,
    `last row ${describeInterval(node.interval)}`,
    ...node.steps.flatMap((step, index) => [
      `${index + 1}. ${step.eventType.name}`,
      ...step.where.map((test) => `   ${describeWhere(test)}`),
    ]),
  ];
}

function describeWhere(test: PropertyTest): string {
  return `where ${describeCondition(test.property.name, test.condition, test.property)}`;
}

function describeInterval(interval: Interval): string {
  const from = interval.fromMs === null ? 'from the first on' : `from ${showInstant(interval.fromMs)}`;
  return `${from} until before ${showInstant(interval.toMs)}`;
}
