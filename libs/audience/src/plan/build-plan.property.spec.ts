import type { JsonValue } from '@tessera/tag-catalog';
import { buildPlan } from './build-plan';
import { explainPlan } from './explain-plan';
import type { Plan, PlanNode } from './plan';
import { belongs } from './testing/evaluate-node';
import type { SampleUser } from './testing/evaluate-node';
import { randomExpression, randomUser, seededRandom } from './testing/random-samples';
import { bindSample, SAMPLE_AS_OF_MS } from './testing/sample-plans';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);
const CASES = Number(process.env['CASES'] ?? 1_500);
const USERS = 25;

/** Every node reachable; those of equal keys must be one object. */
function collectNodes(plan: Plan): ReadonlyMap<string, PlanNode> {
  const nodes = new Map<string, PlanNode>();
  const visit = (node: PlanNode): void => {
    const known = nodes.get(node.key);
    if (known !== undefined) {
      if (known !== node) {
        throw new Error(`two objects of the key ${node.key}`);
      }
      return;
    }
    nodes.set(node.key, node);
    if ('inputs' in node) {
      node.inputs.forEach(visit);
    } else if (node.kind === 'difference') {
      visit(node.left);
      visit(node.right);
    }
  };
  plan.outputs.forEach((output) => {
    visit(output.node);
    if (output.missing !== null) {
      visit(output.missing);
    }
  });
  return nodes;
}

function firstDisagreement(plain: Plan, rewritten: Plan, users: readonly SampleUser[]): string | null {
  if (plain.outputs.length !== rewritten.outputs.length) {
    return 'the plans have different outputs';
  }
  for (const [index, output] of plain.outputs.entries()) {
    const other = rewritten.outputs[index];
    if (other?.path !== output.path) {
      return `output ${index} is of another node`;
    }
    for (const user of users) {
      const isMember = belongs(output.node, user);
      if (isMember !== belongs(other.node, user)) {
        return `${output.path}: ${isMember ? 'lost' : 'gained'} a user by rewriting`;
      }
      if (output.missing !== null && other.missing !== null) {
        if (belongs(output.missing, user) !== belongs(other.missing, user)) {
          return `${output.path}: other users have no value`;
        }
      }
    }
  }
  return null;
}

async function check(expression: JsonValue, users: readonly SampleUser[]): Promise<string | null> {
  const bound = await bindSample(expression, 'Europe/London');
  const plain = buildPlan(bound, { asOfMs: SAMPLE_AS_OF_MS, rewrites: false });
  const rewritten = buildPlan(bound, { asOfMs: SAMPLE_AS_OF_MS });
  collectNodes(plain);
  const nodes = collectNodes(rewritten);
  const disagreement = firstDisagreement(plain, rewritten, users);
  if (disagreement !== null) {
    return `${disagreement}\n${explainPlan(plain)}\n${explainPlan(rewritten)}`;
  }
  return [...nodes.values()].some(isUnsettled) ? `not in normal form\n${explainPlan(rewritten)}` : null;
}

/** Shapes that no rewritten plan has. */
function isUnsettled(node: PlanNode): boolean {
  switch (node.kind) {
    case 'intersect':
      return (
        node.inputs.length < 2 ||
        node.inputs.some(({ kind }) => ['intersect', 'universe', 'empty', 'difference'].includes(kind))
      );
    case 'union':
      return node.inputs.length < 2 || node.inputs.some(({ kind }) => ['union', 'universe', 'empty'].includes(kind));
    case 'difference':
      return (
        node.left.kind === 'difference' || node.left.kind === 'empty' || ['universe', 'empty'].includes(node.right.kind)
      );
    case 'threshold':
      return node.atLeast < 2 || node.atLeast >= node.inputs.length;
    default:
      return false;
  }
}

describe('rewrites', () => {
  it('leave every output, with its missing users, the same set for random expressions and users', async () => {
    const random = seededRandom(SEED);
    for (let number = 0; number < CASES; number += 1) {
      const expression = randomExpression(random, 4);
      const users = Array.from({ length: USERS }, () => randomUser(random));
      const problem = await check(expression, users);
      if (problem !== null) {
        throw new Error(`SEED=${SEED} case ${number}: ${JSON.stringify(expression)}\n${problem}`);
      }
    }
  });
});
