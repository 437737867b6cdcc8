import type { JsonValue } from '@tessera/tag-catalog';
import type { Question, Script, Step } from '../script';
import { ScriptError } from '../world';
import type { Failure } from './find-failure';
import { smallerRules } from './smaller-rules';

export interface Shrunk {
  readonly script: Script;
  readonly failure: Failure;
  /** Scripts tried. */
  readonly runs: number;
}

const RUNS_MAX = 600;

/**
 * Looks for a small script that still fails: only the question that failed, the fewest steps and messages (delta debugging), the smallest
 * rule, the fewest fields. Any failure counts, not only the very same one.
 */
export async function shrinkScript(
  script: Script,
  failure: Failure,
  test: (script: Script) => Promise<Failure | null>,
): Promise<Shrunk> {
  const shrinker = new Shrinker(script, failure, test);
  await shrinker.run();
  return { script: shrinker.script, failure: shrinker.failure, runs: shrinker.runs };
}

class Shrinker {
  runs = 0;

  constructor(
    public script: Script,
    public failure: Failure,
    private readonly test: (script: Script) => Promise<Failure | null>,
  ) {}

  async run(): Promise<void> {
    await this.#focus();
    for (let size = Infinity; this.#size() < size && this.runs < RUNS_MAX;) {
      size = this.#size();
      await this.#minimise(this.script.steps.length, (keep) =>
        this.#withSteps((step, index) => (keep(index) ? step : null)),
      );
      await this.#dropMessages();
      await this.#shrinkRule();
      await this.#simplifyQuestion();
      await this.#dropBodyFields();
      await this.#dropDeclaredFields();
    }
  }

  #size(): number {
    return JSON.stringify(this.script).length;
  }

  /** Keeps the candidate if it still fails. */
  async #attempt(candidate: Script): Promise<boolean> {
    if (this.runs >= RUNS_MAX) return false;
    this.runs += 1;
    try {
      const failure = await this.test(candidate);
      if (failure === null) return false;
      this.script = candidate;
      this.failure = failure;
      return true;
    } catch (error) {
      // Without what was taken away the script makes no sense.
      if (error instanceof ScriptError) return false;
      throw error;
    }
  }

  /** Only the steps up to the failing one and only its failing question. */
  async #focus(): Promise<void> {
    const { step, question } = this.failure;
    const { steps } = this.script;
    const isRead = (other: Step): boolean => 'ask' in other || 'distribution' in other || 'user' in other;
    const before = (step === null ? steps : steps.slice(0, step)).filter((other) => !isRead(other));
    const failing = step === null ? undefined : steps[step];
    if (failing === undefined) {
      await this.#attempt({ ...this.script, steps: before });
      return;
    }
    const asked = 'ask' in failing && question !== null ? failing.ask[question] : undefined;
    const last = asked === undefined || !('ask' in failing) ? failing : { ...failing, ask: [asked] };
    await this.#attempt({ ...this.script, steps: [...before, last] });
  }

  #withSteps(change: (step: Step, index: number) => Step | null): Script {
    const steps = this.script.steps.map(change).filter((step) => step !== null);
    return { ...this.script, steps };
  }

  /**
   * Delta debugging over `count` things: tries to do without ever smaller runs of them. `rebuild` makes the script of those kept, from the
   * script as it is then.
   */
  async #minimise(count: number, rebuild: (keep: (index: number) => boolean) => Script): Promise<void> {
    const start = this.script;
    let kept = Array.from({ length: count }, (_, index) => index);
    for (let chunk = Math.ceil(kept.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
      for (let from = 0; from < kept.length && this.runs < RUNS_MAX;) {
        const rest = new Set([...kept.slice(0, from), ...kept.slice(from + chunk)]);
        const before = this.script;
        this.script = start;
        const candidate = rebuild((index) => rest.has(index));
        this.script = before;
        if (await this.#attempt(candidate)) kept = [...rest];
        else from += chunk;
      }
    }
  }

  async #dropMessages(): Promise<void> {
    const total = this.script.steps.reduce((sum, step) => sum + ('send' in step ? step.send.length : 0), 0);
    await this.#minimise(total, (keep) => {
      let next = 0;
      return this.#withSteps((step) => {
        if (!('send' in step)) return step;
        const send = step.send.filter(() => keep(next++));
        return send.length === 0 ? null : { ...step, send };
      });
    });
  }

  #question(): Question | undefined {
    return this.script.steps.flatMap((step) => ('ask' in step ? step.ask : []))[0];
  }

  #withQuestion(question: Question): Script {
    return this.#withSteps((step) => ('ask' in step ? { ...step, ask: [question] } : step));
  }

  async #shrinkRule(): Promise<void> {
    for (let again = true; again && this.runs < RUNS_MAX;) {
      again = false;
      const question = this.#question();
      if (question === undefined) return;
      for (const rule of smallerRules(question.rule)) {
        if (await this.#attempt(this.#withQuestion({ ...question, rule }))) {
          again = true;
          break;
        }
      }
    }
  }

  async #simplifyQuestion(): Promise<void> {
    for (const key of ['asOf', 'timeZone'] as const) {
      const question = this.#question();
      if (question?.[key] === undefined) continue;
      await this.#attempt(this.#withQuestion(without(question, key)));
    }
  }

  async #dropBodyFields(): Promise<void> {
    const count = (message: JsonValue): number => Object.keys(bodyOf(message)).length;
    const total = this.script.steps.reduce(
      (sum, step) =>
        sum + ('send' in step ? step.send.reduce((fields: number, message) => fields + count(message), 0) : 0),
      0,
    );
    await this.#minimise(total, (keep) => {
      let next = 0;
      return this.#withSteps((step) => {
        if (!('send' in step)) return step;
        const send = step.send.map((message) => ({
          ...(message as { readonly [key: string]: JsonValue }),
          body: Object.fromEntries(Object.entries(bodyOf(message)).filter(() => keep(next++))),
        }));
        return { ...step, send };
      });
    });
  }

  async #dropDeclaredFields(): Promise<void> {
    const total = this.script.steps.reduce(
      (sum, step) => sum + ('declare' in step ? fieldsOf(step.declare).length : 0),
      0,
    );
    await this.#minimise(total, (keep) => {
      let next = 0;
      return this.#withSteps((step) => {
        if (!('declare' in step)) return step;
        const kept = fieldsOf(step.declare).filter(() => keep(next++));
        const declaration = step.declare as { readonly [key: string]: JsonValue };
        return { declare: { ...declaration, [declaration['kind'] === 'event' ? 'properties' : 'tags']: kept } };
      });
    });
  }
}

function bodyOf(message: JsonValue): { readonly [field: string]: JsonValue } {
  const { body } = message as { readonly body?: { readonly [field: string]: JsonValue } };
  return body ?? {};
}

function fieldsOf(declaration: JsonValue): readonly JsonValue[] {
  const { tags, properties } = declaration as {
    readonly tags?: readonly JsonValue[];
    readonly properties?: readonly JsonValue[];
  };
  return tags ?? properties ?? [];
}

function without(question: Question, key: 'asOf' | 'timeZone'): Question {
  return Object.fromEntries(Object.entries(question).filter(([name]) => name !== key)) as { rule: JsonValue };
}
