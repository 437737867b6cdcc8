import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Report } from './report';
import { median, stopwatch } from './statistics';

// Node gives it to programs that were started with --expose-gc only; benches are started without.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** One system that answers questions of one kind. */
export interface Answerer<Q> {
  readonly name: string;
  /** What is done once for a question before its time runs, as planning; the function it gives is what is timed. */
  answer(question: Q): Promise<() => number | Promise<number>>;
}

export interface Questions<Q> {
  /** Those of the warm-up come first. */
  readonly questions: readonly Q[];
  /** Questions at the start that are compared but not timed. */
  readonly warmUp: number;
  readonly show: (question: Q) => string;
}

/** What one system said. */
export interface Answered {
  /** Every answer, those of the warm-up too, in the order of the questions. */
  readonly answers: readonly number[];
  /** ms of each question after the warm-up. */
  readonly samplesMs: readonly number[];
  readonly medianMs: number;
}

export interface Asked {
  readonly systems: ReadonlyMap<string, Answered>;
  /** How many times as long as the first system this one took, by medians. NaN if it was not asked. */
  ratio(system: string): number;
}

/** Asks all systems the same questions, each question one system after the other, and compares their answers with the first system's. */
export async function askInTurn<Q>(
  report: Report,
  work: string,
  asked: Questions<Q>,
  answerers: readonly Answerer<Q>[],
): Promise<Asked> {
  const takers = answerers.map((answerer) => ({
    answerer,
    answers: new Array<number>(),
    samplesMs: new Array<number>(),
  }));
  for (const [round, question] of asked.questions.entries()) {
    // What the systems left behind in the round before is collected outside of anybody's time.
    collectGarbage();
    for (const { answerer, answers, samplesMs } of takers) {
      const { value, elapsedMs } = await stopwatch(await answerer.answer(question));
      answers.push(value);
      if (round >= asked.warmUp) samplesMs.push(elapsedMs);
    }
  }
  const systems = new Map<string, Answered>();
  for (const { answerer, answers, samplesMs } of takers) {
    report.timing(work, answerer.name, samplesMs);
    systems.set(answerer.name, { answers, samplesMs, medianMs: median(samplesMs) });
  }
  const [first, ...others] = takers;
  for (const other of others) compareAnswers(report, asked, other.answerer.name, other.answers, first?.answers ?? []);
  const medianMs = (system: string): number => systems.get(system)?.medianMs ?? Number.NaN;
  return { systems, ratio: (system) => medianMs(system) / medianMs(first?.answerer.name ?? '') };
}

/** Asks one system alone: where two do not fit into memory, the answers are compared afterwards. */
export async function askAlone<Q>(
  report: Report,
  work: string,
  asked: Questions<Q>,
  answerer: Answerer<Q>,
): Promise<Answered> {
  const { systems } = await askInTurn(report, work, asked, [answerer]);
  return systems.get(answerer.name) ?? { answers: [], samplesMs: [], medianMs: Number.NaN };
}

/** Answers of one system against those expected, question by question. */
export function compareAnswers<Q>(
  report: Report,
  { questions, show }: Questions<Q>,
  system: string,
  answers: readonly number[],
  expected: readonly number[],
): void {
  for (const [index, question] of questions.entries()) {
    report.check(`${system}: ${show(question)}`, answers[index] ?? Number.NaN, expected[index] ?? Number.NaN);
  }
}
