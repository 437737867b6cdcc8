import type { Figure, Timing } from './result';
import { showFigure, showTarget, timingRows } from './show-result';
import { spreadOf } from './statistics';

/** Takes down what a bench finds out. */
export interface Report {
  /** A line for people: sizes, circumstances, loads. */
  note(text: string): void;
  /** How long each question of one kind took, ms. The median of the subject and of each peer are set against each other. */
  timing(work: string, system: string, samplesMs: ArrayLike<number>): void;
  figure(figure: Figure): void;
  /** Compares an answer with that of a peer or a model. */
  check(what: string, actual: number, expected: number): void;
}

const DISAGREEMENTS_SHOWN = 20;

/** Prints each line at once and keeps it for the results file. */
export class PrintedReport implements Report {
  readonly notes: string[] = [];
  readonly timings: Timing[] = [];
  readonly figures: Figure[] = [];
  readonly disagreements: string[] = [];
  #checks = 0;

  /** @param isJudged false: targets are not shown, as at other sizes than theirs. */
  constructor(
    private readonly isJudged: boolean,
    private readonly print: (line: string) => void = (line) => console.log(line),
  ) {}

  get checks(): number {
    return this.#checks;
  }

  get agrees(): boolean {
    return this.disagreements.length === 0;
  }

  note(text: string): void {
    this.notes.push(text);
    this.print(text);
  }

  timing(work: string, system: string, samplesMs: ArrayLike<number>): void {
    const timing = { work, system, ...spreadOf(samplesMs) };
    this.timings.push(timing);
  }

  figure(figure: Figure): void {
    this.figures.push(figure);
    const target = figure.target === undefined || !this.isJudged ? '' : ` (target ${showTarget(figure)})`;
    this.print(`${figure.name}: ${showFigure(figure)}${target}`);
  }

  check(what: string, actual: number, expected: number): void {
    this.#checks += 1;
    if (actual === expected) return;
    const text = `${what}: ${actual} instead of ${expected}`;
    this.disagreements.push(text);
    if (this.disagreements.length <= DISAGREEMENTS_SHOWN) this.print(`DISAGREEMENT: ${text}`);
  }

  /** The last lines. @returns whether all answers agreed. */
  conclude(): boolean {
    for (const line of timingRows(this.timings)) this.print(line);
    if (this.agrees) this.print(`All answers agree (${this.#checks} compared).`);
    else this.print(`${this.disagreements.length} of ${this.#checks} answers DISAGREE.`);
    return this.agrees;
  }
}
