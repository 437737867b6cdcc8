import { spawn } from 'node:child_process';
import { join } from 'node:path';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
/** `npm run soak` goes on for longer. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 1);
const REGISTER = join(__dirname, '..', 'support', 'register-swc.cjs');
const SOAK = join(__dirname, 'soak.ts');

/** In a process of its own, whose memory is nobody else's. */
it(`answers as the oracle does and keeps its memory flat under everything at once (seed ${SEED})`, async () => {
  const options = ['--minutes', String(MINUTES), '--users', '300', '--seed', String(SEED)];
  const child = spawn(process.execPath, ['-r', REGISTER, SOAK, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  process.stderr.write(said);
  expect(said).toContain('counts compared');
  expect({ exitCode, said: exitCode === 0 ? '' : said }).toEqual({ exitCode: 0, said: '' });
}, 600_000);
