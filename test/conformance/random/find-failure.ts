import { Disagreement } from '../ask-question';
import type { EngineFactory } from '../engine-under-test';
import { performScript } from '../perform-script';
import type { PerformOptions, Transcript } from '../perform-script';
import type { Script } from '../script';
import { ScriptError } from '../world';

/** Where an engine and the oracle (or an engine and itself) disagree. */
export interface Failure {
  /** Index of the step, or null: at the end. */
  readonly step: number | null;
  /** Index of the question in an ask step. */
  readonly question: number | null;
  readonly message: string;
}

/**
 * Performs the script on the oracle and on an engine and compares what came of it. Null: they agree.
 * @throws ScriptError if the script is wrong.
 */
export async function findFailure(
  script: Script,
  oracle: EngineFactory,
  factory: EngineFactory,
  options: PerformOptions = {},
): Promise<Failure | null> {
  const expected = await transcribe(script, oracle, {});
  if ('message' in expected) return { ...expected, message: `${oracle.name}: ${expected.message}` };
  const actual = await transcribe(script, factory, options);
  if ('message' in actual) return { ...actual, message: `${factory.name}: ${actual.message}` };
  return firstDifference(expected, actual, `${oracle.name} against ${factory.name}`);
}

async function transcribe(
  script: Script,
  factory: EngineFactory,
  options: PerformOptions,
): Promise<Transcript | Failure> {
  try {
    return await performScript(script, factory, options);
  } catch (error) {
    if (error instanceof ScriptError || !(error instanceof Error)) throw error;
    // An engine that throws where the oracle answers has failed as well; the stack says where.
    const message = error instanceof Disagreement ? error.message : shortStack(error);
    const [, step, question] = /^step (\d+): (?:question (\d+): )?/.exec(message) ?? [];
    return {
      step: step === undefined ? null : Number(step),
      question: question === undefined ? null : Number(question),
      message,
    };
  }
}

function firstDifference(expected: Transcript, actual: Transcript, who: string): Failure | null {
  for (const [step, outcome] of expected.outcomes.entries()) {
    const other = actual.outcomes[step];
    if (JSON.stringify(outcome) === JSON.stringify(other)) continue;
    if (outcome.kind === 'answers' && other?.kind === 'answers') {
      const question = outcome.answers.findIndex(
        (answer, index) => JSON.stringify(answer) !== JSON.stringify(other.answers[index]),
      );
      const shown = `${JSON.stringify(outcome.answers[question])}\n  ${JSON.stringify(other.answers[question])}`;
      return { step, question, message: `${who}, step ${step}, question ${question}:\n  ${shown}` };
    }
    return {
      step,
      question: null,
      message: `${who}, step ${step}:\n  ${JSON.stringify(outcome)}\n  ${JSON.stringify(other)}`,
    };
  }
  const user = expected.users.findIndex(
    (state, index) => JSON.stringify(state) !== JSON.stringify(actual.users[index]),
  );
  if (user < 0) return null;
  const shown = `${JSON.stringify(expected.users[user])}\n  ${JSON.stringify(actual.users[user])}`;
  return { step: null, question: null, message: `${who}, state of a user at the end:\n  ${shown}` };
}

/** The error and where it came from, without the source lines that jest puts in. */
function shortStack(error: Error): string {
  const places = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.message, ...places.slice(0, 5)].join('\n');
}
