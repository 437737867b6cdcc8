// Run by probe.ts: node -r test/support/register-swc.cjs answer-probes.ts
// Opens each directory whose path comes as a line on stdin, asks it everything, and answers with a line on stdout.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { RandomSource } from '../conformance/random/random-source';
import { digestUser } from './expected-state';
import { openEngine } from './open-engine';
import type { OpenedEngine } from './open-engine';
import type { ProbeAnswer } from './probe';
import { countRules, drawRules } from './questions';
import { repeatedMessages } from './sample-directory';
import { CUIDS } from './workload';

const RULE_SEEDS = [1, 2, 3, 4];

async function probe(path: string): Promise<ProbeAnswer> {
  let opened: OpenedEngine;
  try {
    opened = await openEngine(path);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { outcome: 'refused', name, message };
  }
  const { engine, directory } = opened;
  try {
    const { warnings } = directory;
    const answers = await digest(opened);
    return { outcome: 'opened', warnings, findings: engine.verify().findings, answers };
  } finally {
    await engine.abandon();
    await directory.close();
  }
}

/** Users, lists, counts and verdicts, as one hash: equal for equal answers. */
async function digest({ engine, catalogStore }: OpenedEngine): Promise<string> {
  // Their ids are drawn at random.
  const lists = [...(await engine.lists.lists())].sort((left, right) => (left.name < right.name ? -1 : 1));
  const listIds = lists.map(({ id }) => id);
  const catalog = catalogStore.current();
  const users = CUIDS.map((cuid) => [digestUser(engine, cuid, listIds), engine.guidOf(cuid) ?? 0]);
  const counts = [];
  for (const seed of RULE_SEEDS) {
    counts.push(await countRules(engine, catalog, drawRules(new RandomSource(seed), listIds)));
  }
  const { verdicts } = await engine.apply(repeatedMessages());
  const shown = lists.map(({ name, count }) => [name, count]);
  const all = JSON.stringify([users, shown, catalog.version, counts, verdicts]);
  return createHash('sha256').update(all).digest('hex');
}

async function main(): Promise<void> {
  for await (const path of createInterface({ input: process.stdin })) {
    const answer = await probe(path).catch((error: unknown): ProbeAnswer => {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      return { outcome: 'failed', name, message };
    });
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

void main();
