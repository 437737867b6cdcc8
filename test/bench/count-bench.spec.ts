import { runCountBench } from './count-bench';

describe('npm run bench -- count', () => {
  it('gets the same answers from both engines and prints machine, size, seed, peer and ratio', async () => {
    const lines: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void lines.push(String(line)));
    const agree = await runCountBench({ users: 20_000, seed: 7, rounds: 5 }).finally(() => log.mockRestore());
    const output = lines.join('\n');
    expect(output).toContain('All answers agree.');
    expect(agree).toBe(true);
    expect(output).toMatch(/Machine: .+ cores, .+ GiB, Node v/);
    expect(output).toContain('20,000 users × 5 tags, seed 7');
    expect(output).toMatch(/Peer: DuckDB v\d/);
    expect(output.match(/^\| .+ \| [\d.]+ \(.+\) \| [\d.]+ \(.+\) \| [\d.]+ \| [\d.]+ \|$/gm)).toHaveLength(3);
  });
});
