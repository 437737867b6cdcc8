import { formatValue } from '@tessera/tag-catalog';
import type { TagDefinition } from '@tessera/tag-catalog';
import type { Answer } from './ask-question';
import type { EngineUnderTest } from './engine-under-test';
import { stateOf } from './perform-script';
import type { Outcome } from './perform-script';
import type { DistributionStep, Question, Step, UserStep } from './script';
import { instant } from './world';
import type { World } from './world';

/** Compares what a step led to with what the case says. */
export function expectOutcome(step: Step, outcome: Outcome, world: World, engine: EngineUnderTest): void {
  if ('send' in step && outcome.kind === 'verdicts' && step.anyVerdict !== true) {
    expect({ send: step.send, verdicts: outcome.verdicts }).toEqual({
      send: step.send,
      verdicts: step.verdicts ?? step.send.map(() => 'accepted'),
    });
  } else if ('erase' in step && outcome.kind === 'erased') {
    expect(outcome.erased).toBe(step.erased ?? true);
  } else if ('list' in step && outcome.kind === 'list') {
    const { matched = outcome.matched, unknown = outcome.unknown } = step;
    expect(outcome).toEqual({ kind: 'list', matched, unknown });
  } else if ('ask' in step && outcome.kind === 'answers') {
    step.ask.forEach((question, index) => {
      const answer = outcome.answers[index];
      if (answer === undefined) throw new Error(`no answer to question ${index}`);
      expectAnswer(question, answer);
    });
  } else if ('user' in step) {
    expectUser(step, world, engine);
  } else if ('distribution' in step && outcome.kind === 'distribution') {
    expectDistribution(step, outcome.distribution, world);
  }
}

function expectAnswer(question: Question, answer: Answer): void {
  if (question.members !== undefined) {
    const { members } = question;
    const expected = typeof members === 'string' ? members.split(' ').filter((cuid) => cuid !== '') : members;
    const { rule, asOf } = question;
    expect({ rule, asOf, members: [...answer.members].sort() }).toEqual({ rule, asOf, members: [...expected].sort() });
  }
  for (const [path, count] of Object.entries(question.counts ?? {})) {
    expect({ path, count: answer.nodes.find((node) => node.path === path)?.count }).toEqual({ path, count });
  }
  for (const [path, missing] of Object.entries(question.missing ?? {})) {
    expect({ path, missing: answer.nodes.find((node) => node.path === path)?.missing }).toEqual({ path, missing });
  }
}

function expectUser(step: UserStep, world: World, engine: EngineUnderTest): void {
  const state = stateOf(world, engine, step.user);
  if (step.tags === null) expect(state).toBeNull();
  else if (step.tags !== undefined) {
    expect(Object.fromEntries((state?.tags ?? []).map(([name, value]) => [name, value]))).toEqual(step.tags);
  }
  for (const [name, time] of Object.entries(step.times ?? {})) {
    const timeMs = state?.tags.find(([tag]) => tag === name)?.[2];
    expect({ name, timeMs }).toEqual({ name, timeMs: time === null ? null : instant(time) });
  }
  for (const [type, count] of Object.entries(step.rows ?? {})) {
    const rows = state?.rows.find(([name]) => name === type)?.[1];
    expect({ type, count: rows?.length }).toEqual({ type, count });
  }
}

interface ShownDistribution {
  readonly tags: readonly {
    readonly tag: string;
    readonly values: readonly Entry[];
    readonly histogram: readonly Bucket[];
  }[];
}
type Entry = readonly [string | number | boolean, number, number];
type Bucket = readonly [number, number, number, number];

function expectDistribution(step: DistributionStep, json: unknown, world: World): void {
  const { tags } = json as ShownDistribution;
  const show = (tag: TagDefinition, value: string | number | boolean): unknown =>
    formatValue(tag.valueType === 'set' ? { ...tag, valueType: 'string' } : tag, value);
  for (const { tag: name, values, histogram } of tags) {
    const tag = world.catalog.tag(name);
    if (tag === undefined) throw new Error(`there is no tag ${name}`);
    if (step.values?.[name] !== undefined) {
      expect(values.map(([value, ...counts]) => [show(tag, value), ...counts])).toEqual(step.values[name]);
    }
    if (step.histogram?.[name] !== undefined) {
      const shown = histogram.map(([low, high, ...counts]) => [show(tag, low), show(tag, high), ...counts]);
      expect(shown).toEqual(step.histogram[name]);
    }
  }
}
