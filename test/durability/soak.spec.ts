import { SourceProcess } from '../support/source-process';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
/** `npm run soak` goes on for longer. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 1);

/** In a process of its own, whose memory is nobody else's. */
it(`answers as the oracle does and keeps its memory flat under everything at once (seed ${SEED})`, async () => {
  const argv = ['--minutes', String(MINUTES), '--users', '300', '--seed', String(SEED)];
  const { code, output: said } = await SourceProcess.run('test/durability/soak.ts', { argv });
  process.stderr.write(said);
  expect(said).toContain('counts compared');
  expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
}, 600_000);
