import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DataDirectory } from './index';
import { APPEND_FOREVER } from './testing/append-forever';

const KILLS = 20;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/**
 * Appends, commits chunks and cuts the log as fast as it can, and prints what it was promised: `log <sequence>` and
 * `chunks <round>`, each line after the promise.
 */
const WRITER = `
${APPEND_FOREVER}
async function commitForever({ log, chunks, documents }) {
  for (let round = Number(chunks.get('round') ?? 0) + 1; ; round++) {
    const text = String(round);
    const puts = [['round', Buffer.from(text)], ['log', Buffer.from(String(log.durableSequence))]];
    for (let n = 0; n < 20; n++) puts.push(['chunk/' + n, Buffer.from(text.repeat(1 + n * 500))]);
    await chunks.commit({ puts, removes: ['old/' + (round - 1)] });
    say('chunks ' + round);
    await documents.put('round', { round });
    say('document ' + round);
    if (round % 5 === 0) await log.cutBefore(Number(chunks.get('log')) + 1);
  }
}
DataDirectory.open(process.argv[1]).then((directory) => {
  say('open');
  void appendForever(directory);
  void commitForever(directory);
});
`;

interface Promised {
  readonly log: number;
  readonly chunks: number;
  readonly document: number;
}

/** Runs the writer until it is killed; what it was promised. */
async function writeUntilKilled(path: string, lifeMs: number): Promise<Promised> {
  const root = join(__dirname, '..', '..', '..');
  const child = spawn(process.execPath, ['-r', join(root, 'test/support/register-swc.cjs'), '-e', WRITER, path], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<unknown>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const promised = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'open') setTimeout(() => child.kill('SIGKILL'), lifeMs);
    const [kind, number] = line.split(' ');
    if (kind !== undefined && number !== undefined) {
      // Promises of one kind are kept in order.
      expect(Number(number)).toBe((promised.get(kind) ?? Number(number) - 1) + 1);
      promised.set(kind, Number(number));
    }
  }
  expect(await exited).toBe('SIGKILL');
  return {
    log: promised.get('log') ?? 0,
    chunks: promised.get('chunks') ?? 0,
    document: promised.get('document') ?? 0,
  };
}

async function checkPromises(path: string, promised: Promised): Promise<void> {
  const directory = await DataDirectory.open(path);
  const { log, chunks, documents } = directory;
  expect(log.lastSequence).toBeGreaterThanOrEqual(promised.log);
  const round = chunks.get('round')?.toString() ?? '0';
  expect(Number(round)).toBeGreaterThanOrEqual(promised.chunks);
  const checkpoint = Number(chunks.get('log')?.toString() ?? 0);
  let next = checkpoint + 1;
  await log.replay(checkpoint, (sequence, payload) => {
    if (sequence !== next++) throw new Error(`sequence ${sequence} in the place of ${next - 1}`);
    const expected = `${sequence}:${'p'.repeat((sequence * 37) % 3000)}`;
    if (payload.toString() !== expected) throw new Error(`record ${sequence} is not what was appended`);
  });
  expect(next - 1).toBe(log.lastSequence);
  // All chunks are of one commit.
  if (round !== '0') {
    for (let n = 0; n < 20; n++) expect(chunks.get(`chunk/${n}`)?.toString()).toBe(round.repeat(1 + n * 500));
  }
  const document = documents.get('round');
  if (promised.document > 0) expect((document as { round: number }).round).toBeGreaterThanOrEqual(promised.document);
  await directory.close();
}

it(`keeps every promise over ${KILLS} kills (seed ${SEED})`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'tessera-crash-'));
  let promisedLog = 0;
  let state = SEED;
  for (let kill = 0; kill < KILLS; kill++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const promised = await writeUntilKilled(path, 5 + ((state >>> 8) % 120));
    expect(promised.log === 0 || promised.log > promisedLog).toBe(true);
    promisedLog = Math.max(promisedLog, promised.log);
    await checkPromises(path, promised);
  }
  expect(promisedLog).toBeGreaterThan(KILLS);
  await rm(path, { recursive: true });
});
