import { runBench } from './framework/run-bench';
import { showResults } from './framework/show-result';
import { BENCHES } from './registry';

const SEED = 7;
const USERS = 20_000;
/** Some start servers and other processes, which takes long on a machine with much else to do. */
const TIMEOUT_MS = 400_000;

describe('every bench', () => {
  it.each(BENCHES.map((bench) => [bench.name, bench] as const))(
    '%s runs in short form and its answers agree',
    async (_name, bench) => {
      const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
      const users = Math.min(USERS, bench.users.short);
      const result = await runBench(bench, { users, seed: SEED, isShort: true }).finally(() => {
        log.mockRestore();
      });
      expect(result.disagreements).toEqual([]);
      expect(result.checks).toBeGreaterThan(0);
      expect(result.timings.length + result.figures.length).toBeGreaterThan(0);
      expect(result.timings.every(({ p50, p99 }) => p50 > 0 && p99 >= p50)).toBe(true);
      expect(showResults([result])).toContain(`## ${bench.name}`);
    },
    TIMEOUT_MS,
  );
});
