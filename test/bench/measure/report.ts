/** What a figure has to reach. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: Target;
}

/** Takes down what a bench finds out. */
export interface Report {
  /** A line for people: sizes, seed, circumstances. */
  note(text: string): void;
  figure(figure: Figure): void;
  /** Compares an answer with that of a peer or a model. */
  check(what: string, actual: number, expected: number): void;
}

/** Prints each line at once. */
export class PrintedReport implements Report {
  readonly figures: Figure[] = [];
  readonly disagreements: string[] = [];
  #checks = 0;

  constructor(private readonly print: (line: string) => void = (line) => console.log(line)) {}

  get agrees(): boolean {
    return this.disagreements.length === 0;
  }

  note(text: string): void {
    this.print(text);
  }

  figure(figure: Figure): void {
    this.figures.push(figure);
    this.print(describeFigure(figure));
  }

  check(what: string, actual: number, expected: number): void {
    this.#checks += 1;
    if (actual === expected) return;
    const text = `${what}: ${actual} instead of ${expected}`;
    this.disagreements.push(text);
    this.print(`DISAGREEMENT: ${text}`);
  }

  /** The last line. @returns whether all answers agreed. */
  conclude(): boolean {
    if (this.agrees) this.print(`All answers agree (${this.#checks} compared).`);
    else this.print(`${this.disagreements.length} of ${this.#checks} answers DISAGREE.`);
    return this.agrees;
  }
}

export function isMet(value: number, target: Target): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

export function describeFigure({ name, value, unit, target }: Figure): string {
  const text = `${name}: ${showNumber(value)} ${unit}`.trimEnd();
  if (target === undefined) return text;
  const wanted = 'atLeast' in target ? `≥ ${showNumber(target.atLeast)}` : `≤ ${showNumber(target.atMost)}`;
  return `${text} (target ${wanted}: ${isMet(value, target) ? 'met' : 'NOT MET'})`;
}

function showNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Number.isInteger(value) || Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
