import { ChildProgram } from '../http/child-process';
import type { QuestionsWanted } from './questions';

const PROGRAM = 'test/bench/users/store-process';
const FIGURES = 'figures ';

/** Fills a store with users. */
export interface Loading {
  readonly kind: 'load';
  readonly directory: string;
  readonly users: number;
  readonly seed: number;
}

/** Opens a store that was filled and asks for counts. */
export interface Asking extends QuestionsWanted {
  readonly kind: 'ask';
  readonly directory: string;
  /** Evaluation threads of the engine. */
  readonly threads: number;
  /** Tests × shards from which on they are used; null: as the engine thinks best. */
  readonly parallelFrom: number | null;
}

export interface LoadFigures {
  readonly loadMs: number;
  /** Of the whole process. */
  readonly residentMiB: number;
}

/** Answers of the warm-up too; ms of the others. */
export interface AnsweredHere {
  readonly samplesMs: readonly number[];
  readonly answers: readonly number[];
}

export interface OpenFigures {
  readonly openMs: number;
  /** From the opening until no index is built any more; with threads only. */
  readonly indexMs: number;
  /** Of the whole process, once everything was asked. */
  readonly residentMiB: number;
  readonly identityBytes: number;
  readonly tagBytes: number;
  readonly firstSeen: AnsweredHere;
  readonly repeated: AnsweredHere;
  readonly range: AnsweredHere;
}

export async function loadStore(work: Omit<Loading, 'kind'>): Promise<LoadFigures> {
  return (await runProgram({ kind: 'load', ...work })) as LoadFigures;
}

export async function askStore(work: Omit<Asking, 'kind'>): Promise<OpenFigures> {
  return (await runProgram({ kind: 'ask', ...work })) as OpenFigures;
}

async function runProgram(work: Loading | Asking): Promise<unknown> {
  const program = new ChildProgram(PROGRAM, [JSON.stringify(work)]);
  try {
    return JSON.parse(await program.lineAfter(FIGURES));
  } finally {
    await program.end('SIGTERM');
  }
}
