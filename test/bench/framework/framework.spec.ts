import type { Bench } from './bench';
import { helpText, parseCommand, UsageError } from './command-line';
import { PrintedReport } from './report';
import { SUBJECT } from './result';
import { askInTurn } from './round-trip';
import { runBench } from './run-bench';
import { showNumber, showResults } from './show-result';
import { spreadOf } from './statistics';

const BENCH: Bench = {
  name: 'sums',
  title: 'Adds numbers up',
  peers: ['Abacus'],
  users: { full: 1_000, short: 10 },
  run: async ({ users, report }) => {
    report.note('a remark');
    report.timing('adding', SUBJECT, [1, 2, 3]);
    report.timing('adding', 'Abacus', [10, 20, 30]);
    report.figure({ name: 'sum', value: users, unit: 'users', target: { atLeast: 500 } });
    report.check('one and one', 2, users === 13 ? 3 : 2);
    await Promise.resolve();
  },
};

describe('a bench', () => {
  let lines: string[];

  beforeEach(() => {
    lines = [];
    jest.spyOn(console, 'log').mockImplementation((line: unknown) => void lines.push(String(line)));
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('prints machine, size, seed, medians, ratio, target and agreement', async () => {
    const result = await runBench(BENCH, { seed: 3, isShort: false });
    const output = lines.join('\n');
    expect(output).toMatch(/Machine: .+ cores, .+ GiB, Node v/);
    expect(output).toContain('Size: 1,000 users, seed 3; peers: Abacus');
    expect(output).toContain('| adding | Abacus | 20 | 30 | 30 | 10 | 30 | 3 | × 10 |');
    expect(output).toContain('sum: 1,000 users (target ≥ 500: met)');
    expect(output).toContain('All answers agree (1 compared).');
    expect(result).toMatchObject({ users: 1_000, checks: 1, disagreements: [], notes: ['a remark'] });
  });

  it('says where answers differ', async () => {
    const result = await runBench(BENCH, { users: 13, seed: 3, isShort: false });
    expect(result.disagreements).toEqual(['one and one: 2 instead of 3']);
    expect(lines.join('\n')).toContain('1 of 1 answers DISAGREE.');
    expect(showResults([result])).toContain('**1 of 1 answers DISAGREE.**');
  });

  it('takes the size of the form, and the newest result in the table', async () => {
    const full = await runBench(BENCH, { seed: 3, isShort: false });
    const short = await runBench(BENCH, { seed: 4, isShort: true });
    expect(short.users).toBe(10);
    const table = showResults([full, short]);
    expect(table).toContain('| sums | 10 | sum | 10 users | ≥ 500: not judged |');
    expect(table).not.toContain('seed 3');
  });
});

describe('askInTurn', () => {
  it('compares each answer with that of the first system and leaves the warm-up out of the times', async () => {
    const report = new PrintedReport(true, () => undefined);
    const double = { name: 'double', answer: (n: number) => Promise.resolve(() => 2 * n) };
    const square = { name: 'square', answer: (n: number) => Promise.resolve(() => n * n) };
    const asked = await askInTurn(report, 'powers', { questions: [0, 1, 2, 3], warmUp: 1, show: (n) => `n = ${n}` }, [
      double,
      square,
    ]);
    expect(report.checks).toBe(4);
    expect(report.disagreements).toEqual(['square: n = 1: 1 instead of 2', 'square: n = 3: 9 instead of 6']);
    expect(asked.systems.get('square')?.samplesMs).toHaveLength(3);
    expect(asked.systems.get('double')?.answers).toEqual([0, 2, 4, 6]);
    expect(asked.ratio('square')).toBeGreaterThan(0);
  });
});

describe('spreadOf', () => {
  it('gives exact percentiles', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(spreadOf(samples)).toEqual({ samples: 100, best: 1, p50: 50.5, p95: 95, p99: 99, worst: 100 });
    expect(spreadOf([7])).toEqual({ samples: 1, best: 7, p50: 7, p95: 7, p99: 7, worst: 7 });
    expect(spreadOf([]).p50).toBeNaN();
  });
});

describe('showNumber', () => {
  it.each([
    [0.12345, '0.123'],
    [1.5, '1.50'],
    [123.456, '123.5'],
    [12_345.6, '12,346'],
    [5, '5'],
    [Number.NaN, '–'],
  ])('%d as %s', (value, text) => {
    expect(showNumber(value)).toBe(text);
  });
});

describe('the command line', () => {
  it('understands one bench, all of them, a table and help', () => {
    expect(parseCommand(['sums', '--users', '5', '--short'], [BENCH])).toEqual({
      ...{ kind: 'run', benches: [BENCH], isAll: false, users: 5 },
      ...{ seed: 20_111_209, isShort: true, json: undefined },
    });
    expect(parseCommand(['all', '--seed=1', '--json', 'x.jsonl'], [BENCH])).toMatchObject({
      ...{ isAll: true, seed: 1, json: 'x.jsonl' },
    });
    expect(parseCommand(['table', 'x.jsonl'], [BENCH])).toEqual({ kind: 'table', file: 'x.jsonl' });
    expect(parseCommand(['--help'], [BENCH])).toEqual({ kind: 'help' });
    expect(helpText([BENCH])).toContain('1,000 users, short form 10; peers: Abacus');
  });

  it.each([
    [['nothing'], 'There is no bench "nothing".'],
    [[], 'There is no bench "".'],
    [['sums', 'more'], 'There is no bench "sums more".'],
    [['sums', '--users', '0'], '--users "0" is no whole number'],
    [['sums', '--users', ''], '--users "" is no whole number'],
    [['sums', '--fast'], "Unknown option '--fast'"],
    [['table'], 'table takes one results file'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseCommand(argv, [BENCH])).toThrow(UsageError);
    expect(() => parseCommand(argv, [BENCH])).toThrow(message);
  });
});
