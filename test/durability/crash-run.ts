import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomSource } from '../conformance/random/random-source';
import { checkDirectory } from './check-directory';
import type { CheckOptions } from './check-directory';
import { ExpectedState } from './expected-state';
import { phasesOf } from './fault-points';
import type { Fault, Phase } from './fault-points';
import type { WriterJob } from './write-until-killed';

/** Operations of a life that ends at a fault point, and of one that ends at a random moment. */
const OPERATIONS = 80;
/** Points that a directory passes once. */
const CREATION = / (?:\.\.?|store|secret|format\.json(?:\.new)?)$|(?:^| )(?:(?:mkdir|chmod|rm) |create store)/;
/** A write that leaves half a record, which the next recovery cuts off. */
const TEAR = 'torn write log/*.log';
const TEARS = new Set([TEAR, 'scattered write log/*.log']);
const TRUNCATION = ' truncate log/*.log';
const ANEW = /^(?:mkdir|chmod) \.$/;
/** Lives on one directory; then the next one begins, since the oracle's answers take longer with every message. */
const LIVES_PER_DIRECTORY = 50;
/** So many may be begun for the points that a directory passes once. */
const DIRECTORIES_FOR_CREATION = 20;
/** One in so many is killed at a random moment. */
const RANDOM_EVERY = 7;
const LIFE_MS_MAX = 30_000;
const FORMAT_FILE = 'format.json';
const REGISTER = join(__dirname, '..', 'support', 'register-swc.cjs');
const WRITER = join(__dirname, 'write-until-killed.ts');

/** How a life ended, and how far it had come. */
interface Life {
  /** Greatest operation handed over and acknowledged; −1: none. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Points it passed, with how many calls at least. */
  readonly points: ReadonlyMap<string, number>;
  /** `phase point` where it killed itself; null: it was killed. */
  readonly died: string | null;
}

export interface CrashSummary {
  readonly kills: number;
  readonly acknowledged: number;
  /** Operations found in the directories, with those that were never acknowledged. */
  readonly found: number;
  /** Kills by `phase point`, and those at random moments under `random moment`. */
  readonly deaths: ReadonlyMap<string, number>;
  /** `phase point` of the points that were passed where nobody died. */
  readonly missed: readonly string[];
  /** What recoveries said they repaired. */
  readonly repairs: number;
}

export interface CrashOptions {
  readonly seed: number;
  /** Goes on to four times as many if nobody has died yet at some of the points. */
  readonly kills: number;
  /** Told after each kill. */
  readonly onKill?: (kill: number, how: string) => void;
}

/**
 * Lets writers write into a directory until they die, life after life, and checks after each death that the directory holds what was
 * acknowledged and whole operations only, each once.
 *
 * @throws Error naming seed and kill, and what is wrong; the directory is then left where it is, and named too.
 */
export async function runCrashes(options: CrashOptions): Promise<CrashSummary> {
  const run = new CrashRun(options);
  for (let kill = 1; kill <= options.kills * (run.missed.length > 0 ? 4 : 1); kill += 1) await run.next(kill);
  return run.finish();
}

class CrashRun {
  readonly #random: RandomSource;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tessera-crash-'));
  /** Points passed by a life that made the directory, and by one that found it made. */
  readonly #pointsAtCreation = new Map<string, number>();
  readonly #points = new Map<string, number>();
  readonly #deaths = new Map<string, number>();
  /** Deaths that did not come about. */
  readonly #survived = new Set<string>();
  #expected = new ExpectedState();
  #path = '';
  #directories = 0;
  #lives = 0;
  /** The last death left a torn log, and nobody has repaired it. */
  #isTorn = false;
  #acknowledged = 0;
  #found = 0;
  #repairs = 0;

  constructor(private readonly options: CrashOptions) {
    this.#random = new RandomSource(options.seed);
  }

  async next(kill: number): Promise<void> {
    const { seed } = this.options;
    if (this.#lives % LIVES_PER_DIRECTORY === 0 || this.#lives === 1 || this.#isMadeTooSoon()) this.#beginDirectory();
    this.#lives += 1;
    const first = this.#expected.applied;
    const isMade = existsSync(join(this.#path, FORMAT_FILE));
    const fault = this.#drawFault(isMade);
    // These happen where there is no folder yet; in a half-made one there is nothing to lose.
    if (!isMade && fault !== null && ANEW.test(fault.point)) rmSync(this.#path, { recursive: true, force: true });
    const job = { path: this.#path, seed: this.#worldSeed, first, operations: OPERATIONS, fault };
    const where = `kill ${kill} of seed ${seed} (${fault === null ? 'at a random moment' : JSON.stringify(fault)}; ${this.#path})`;
    try {
      const life = await this.#live(job);
      this.#notePoints(life.points, isMade);
      if (life.died === null && fault !== null) this.#survived.add(deathOf(fault));
      const how = life.died ?? 'random moment';
      this.#deaths.set(how, (this.#deaths.get(how) ?? 0) + 1);
      this.#acknowledged += Math.max(0, life.acknowledged + 1 - first);
      const bounds = { least: Math.max(first, life.acknowledged + 1), most: Math.max(first, life.sent + 1) };
      this.#isTorn = TEARS.has(how);
      const mode = this.#drawMode();
      const warnings = await checkDirectory(this.#path, this.#expected, { ...bounds, seed: this.#worldSeed, mode });
      this.#repairs += warnings.length;
      this.options.onKill?.(kill, how);
    } catch (error) {
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /** The directory came to be made while nobody had died yet at some point of its making: another one is begun for these. */
  #isMadeTooSoon(): boolean {
    const isMade = existsSync(join(this.#path, FORMAT_FILE));
    return isMade && this.#directories <= DIRECTORIES_FOR_CREATION && this.#openAtCreation().length > 0;
  }

  get missed(): readonly string[] {
    return [...new Set([...this.#open(this.#pointsAtCreation), ...this.#open(this.#points)])];
  }

  finish(): CrashSummary {
    rmSync(this.#folder, { recursive: true, force: true });
    return {
      kills: this.#lives,
      acknowledged: this.#acknowledged,
      found: this.#found + this.#expected.applied,
      deaths: this.#deaths,
      missed: this.missed,
      repairs: this.#repairs,
    };
  }

  get #worldSeed(): number {
    return this.options.seed + this.#directories;
  }

  #beginDirectory(): void {
    rmSync(this.#path, { recursive: true, force: true });
    this.#found += this.#expected.applied;
    this.#expected = new ExpectedState();
    this.#directories += 1;
    const folder = join(this.#folder, String(this.#directories));
    mkdirSync(folder);
    this.#path = join(folder, 'data');
  }

  #notePoints(points: ReadonlyMap<string, number>, isMade: boolean): void {
    const known = isMade ? this.#points : this.#pointsAtCreation;
    for (const [point, calls] of points) {
      known.set(point, Math.max(calls, known.get(point) ?? 0));
      // The first life sees everything: what is not about creation comes again.
      if (!isMade && !CREATION.test(point)) this.#points.set(point, Math.max(calls, this.#points.get(point) ?? 0));
    }
  }

  /** What was recovered is written out before the next life, or not, or is not even looked at for writing: the next life recovers. */
  #drawMode(): CheckOptions['mode'] {
    const isHalfMade = !existsSync(join(this.#path, FORMAT_FILE));
    const leavesRecovery = isHalfMade ? this.#openAtCreation().length > 0 : this.#isTorn;
    return leavesRecovery ? 'readOnly' : this.#random.pick(['readOnly', 'readOnly', 'abandon', 'close'] as const);
  }

  /** First where nobody has died yet, then anywhere. */
  #drawFault(isMade: boolean): Fault | null {
    if (!isMade && this.#pointsAtCreation.size === 0) return null;
    if (isMade && !this.#isTorn && (this.#points.size === 0 || this.#lives % RANDOM_EVERY === 0)) return null;
    const known = isMade ? this.#points : this.#pointsAtCreation;
    const open = isMade ? this.#open(known) : this.#openAtCreation();
    const truncation = open.find((death) => death.endsWith(TRUNCATION));
    const drawn = this.#isTorn ? truncation : undefined;
    const any = this.#random.pick(open.length > 0 ? open : allDeaths(known));
    // Only a log that was torn is truncated.
    const death = drawn ?? (any.endsWith(TRUNCATION) ? TEAR : any);
    const space = death.indexOf(' ');
    const point = death.slice(space + 1);
    // Half as many as the busiest life made: nearly every life makes them.
    const callsMax = this.#survived.has(death) ? 1 : Math.ceil((known.get(point) ?? 1) / 2);
    const call = this.#random.between(1, callsMax);
    return { point, phase: death.slice(0, space) as Phase, call, seed: this.#random.between(0, 2 ** 31) };
  }

  #openAtCreation(): string[] {
    return this.#open(this.#pointsAtCreation).filter((death) => CREATION.test(death));
  }

  #open(points: ReadonlyMap<string, number>): string[] {
    return allDeaths(points).filter((death) => !this.#deaths.has(death));
  }

  async #live(job: WriterJob): Promise<Life> {
    const output = join(this.#folder, 'said.txt');
    const errors = join(this.#folder, 'errors.txt');
    const [out, err] = [openSync(output, 'w'), openSync(errors, 'w')];
    const child = spawn(process.execPath, ['-r', REGISTER, WRITER, JSON.stringify(job)], {
      stdio: ['ignore', out, err],
    });
    const exited = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('exit', (_code, signal) => resolve(signal)),
    );
    // The first life does everything, to see which points there are.
    const isRandom = job.fault === null && this.#lives > 1;
    const lifeMs = isRandom ? this.#random.between(50, 900) : LIFE_MS_MAX;
    const killer = setTimeout(() => child.kill('SIGKILL'), lifeMs);
    // A life that has done everything did not come to its fault point.
    while (child.exitCode === null && child.signalCode === null && !isDone(output))
      await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    const signal = await exited;
    clearTimeout(killer);
    closeSync(out);
    closeSync(err);
    if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${readFileSync(errors, 'utf8')}`);
    return readLife(readFileSync(output, 'utf8'));
  }
}

function allDeaths(points: ReadonlyMap<string, number>): string[] {
  return [...points.keys()].flatMap((point) => phasesOf(point).map((phase) => `${phase} ${point}`));
}

function deathOf({ phase, point }: Fault): string {
  return `${phase} ${point}`;
}

function isDone(output: string): boolean {
  return readFileSync(output, 'utf8').includes('\nd\n');
}

function readLife(text: string): Life {
  const lines = text.split('\n');
  const said = (letter: string): string[] =>
    lines.filter((line) => line.startsWith(`${letter} `)).map((line) => line.slice(2));
  const greatest = (letter: string): number => said(letter).reduce((most, index) => Math.max(most, Number(index)), -1);
  const points = new Map(
    said('p').map((line) => [line.slice(line.indexOf(' ') + 1), Number(line.slice(0, line.indexOf(' ')))] as const),
  );
  return { sent: greatest('s'), acknowledged: greatest('a'), points, died: said('k')[0] ?? null };
}
