import { SourceProcess } from '../support/source-process';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const ROUNDS = Number(process.env['DURABILITY_STARROCKS_BITMAPS'] ?? 400);

/** In a process of its own: native code that meets bytes which make no sense would end this one. */
describe('StarRocks bitmaps that were damaged', () => {
  it(`are refused, or read as the bitmaps they are (DURABILITY_SEED=${SEED})`, async () => {
    const ended = await SourceProcess.run('test/durability/read-damaged-bitmaps.ts', {
      argv: [String(SEED), String(ROUNDS)],
    });
    const [, refused = '0', read = '0'] = /(\d+) refused, (\d+) read/.exec(ended.output) ?? [];
    expect({ ...ended, output: ended.output.slice(-1_500) }).toMatchObject({ code: 0 });
    expect(Number(refused)).toBeGreaterThan(ROUNDS * 4);
    expect(Number(read)).toBeGreaterThan(ROUNDS);
  }, 300_000);
});
