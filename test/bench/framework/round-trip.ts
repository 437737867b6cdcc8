import type { Report } from './report';
import { median, stopwatch } from './statistics';

/** One system that answers questions of one kind. */
export interface Answerer<Q> {
  readonly name: string;
  /** What is done once for a question before its time runs: parsing, planning. */
  answer(question: Q): Promise<() => number | Promise<number>>;
}

export interface Asked {
  /** By system: every answer, warm-up included, in the order of the questions. */
  readonly answers: ReadonlyMap<string, readonly number[]>;
  /** By system: ms of each question after the warm-up. */
  readonly samplesMs: ReadonlyMap<string, readonly number[]>;
  /** How many times as long as the first system this one took, by medians. */
  ratio(system: string): number;
  medianMs(system: string): number;
}

/**
 * Asks all systems the same questions, each question one system after the other, and compares their answers with the first system's.
 * @param warmUp questions at the start that are compared but not timed.
 */
export async function askInTurn<Q>(
  report: Report,
  work: string,
  asked: { readonly questions: readonly Q[]; readonly warmUp: number; readonly show: (question: Q) => string },
  systems: readonly Answerer<Q>[],
): Promise<Asked> {
  const answers = new Map(systems.map(({ name }) => [name, new Array<number>()]));
  const samplesMs = new Map(systems.map(({ name }) => [name, new Array<number>()]));
  for (const [round, question] of asked.questions.entries()) {
    let expected: number | undefined;
    for (const system of systems) {
      const run = await system.answer(question);
      const { value, elapsedMs } = await stopwatch(run);
      answers.get(system.name)?.push(value);
      if (round >= asked.warmUp) samplesMs.get(system.name)?.push(elapsedMs);
      if (expected === undefined) expected = value;
      else report.check(`${asked.show(question)}: ${system.name} against ${systems[0]?.name ?? ''}`, value, expected);
    }
  }
  for (const [system, samples] of samplesMs) report.timing(work, system, samples);
  const medianMs = (system: string): number => median(samplesMs.get(system) ?? []);
  return { answers, samplesMs, medianMs, ratio: (system) => medianMs(system) / medianMs(systems[0]?.name ?? '') };
}
