import { machineText } from './machine';
import { isMet } from './result';
import type { BenchResult, Figure, Timing } from './result';

/** At least three digits, groups of thousands. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 1_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function showFigure({ value, unit }: Figure): string {
  return `${showNumber(value)} ${unit}`.trimEnd();
}

/** E.g. `≥ 30: met`; nothing without a target. @param isJudged false for short forms: the limit alone. */
export function showTarget({ value, target }: Figure, isJudged = true): string {
  if (target === undefined) return '';
  const limit = 'atLeast' in target ? `≥ ${showNumber(target.atLeast)}` : `≤ ${showNumber(target.atMost)}`;
  if (!isJudged) return `${limit}: not judged`;
  return `${limit}: ${isMet(value, target) ? 'met' : 'NOT MET'}`;
}

/** A Markdown table: one row for each work and system; none without timings. */
export function timingRows(timings: readonly Timing[]): readonly string[] {
  if (timings.length === 0) return [];
  const works = [...new Set(timings.map(({ work }) => work))];
  const byWork = works.flatMap((work) => timings.filter((timing) => timing.work === work));
  const rows = byWork.map((timing) => {
    const [subject] = timings.filter(({ work }) => work === timing.work);
    const ratio = subject === undefined || subject === timing ? '' : `× ${showNumber(timing.p50 / subject.p50)}`;
    const { p50, p95, p99, best, worst } = timing;
    const cells = [timing.work, timing.system, ...[p50, p95, p99, best, worst].map(showNumber), timing.samples, ratio];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '',
    '| Work | system | median, ms | p95 | p99 | best | worst | samples | ratio to the first |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
}

function figureRows({ figures, isShort }: BenchResult): readonly string[] {
  if (figures.length === 0) return [];
  const rows = figures.map((figure) => `| ${figure.name} | ${showFigure(figure)} | ${showTarget(figure, !isShort)} |`);
  return ['', '| Figure | value | target |', '|---|---|---|', ...rows];
}

function section(result: BenchResult): string {
  const agreement =
    result.disagreements.length === 0
      ? `All ${showNumber(result.checks)} answers compared agree.`
      : `**${result.disagreements.length} of ${showNumber(result.checks)} answers DISAGREE.**`;
  return [
    `## ${result.bench}`,
    '',
    `${result.title}. ${showNumber(result.users)} users, seed ${result.seed}, ${result.startedAt.slice(0, 10)}, ${result.isShort ? 'short form, ' : ''}${machineText(result.machine)}. ${agreement}`,
    ...timingRows(result.timings),
    ...figureRows(result),
    '',
    ...result.notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

/** One table of all targets, then a section for each bench. The newest result of a bench counts. */
export function showResults(results: readonly BenchResult[]): string {
  const newest = [...new Map(results.map((result) => [result.bench, result])).values()];
  const targets = newest.flatMap(({ bench, users, figures, isShort }) =>
    figures
      .filter(({ target }) => target !== undefined)
      .map(
        (figure) =>
          `| ${bench} | ${showNumber(users)} | ${figure.name} | ${showFigure(figure)} | ${showTarget(figure, !isShort)} |`,
      ),
  );
  const head = ['| Bench | users | figure | value | target |', '|---|---|---|---|---|', ...targets, ''];
  return [...head, ...newest.map(section)].join('\n');
}
