import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Guid } from '@tessera/tag-catalog';
import { RandomSource } from '../conformance/random/random-source';
import { digestUser, ExpectedState } from './expected-state';
import { openEngine } from './open-engine';
import { CUIDS, operationAt } from './workload';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const KILLS = Number(process.env['DURABILITY_KILLS'] ?? 20);
/** One in so many is killed while it may still be starting. */
const EARLY_EVERY = 6;
const REGISTER = join(__dirname, '..', 'support', 'register-swc.cjs');
const WRITER = join(__dirname, 'write-until-killed.ts');

interface Run {
  /** Greatest index handed over, −1: none. */
  readonly sent: number;
  readonly acknowledged: number;
}

/** Starts a writer, kills it with SIGKILL after a random time, and tells how far it said it came. */
async function writeAndKill(path: string, first: number, random: RandomSource, early: boolean): Promise<Run> {
  const output = join(path, '..', 'said.txt');
  const errors = join(path, '..', 'errors.txt');
  const [out, err] = [openSync(output, 'w'), openSync(errors, 'w')];
  const child = spawn(process.execPath, ['-r', REGISTER, WRITER, path, String(SEED), String(first)], {
    stdio: ['ignore', out, err],
  });
  const exited = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal)),
  );
  while (!early && child.exitCode === null && statSync(output).size === 0) await sleep(5);
  await sleep(early ? random.between(200, 1_500) : random.between(20, 700));
  child.kill('SIGKILL');
  const signal = await exited;
  closeSync(out);
  closeSync(err);
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${readFileSync(errors, 'utf8')}`);
  const lines = readFileSync(output, 'utf8').split('\n');
  const greatest = (letter: string): number =>
    lines.reduce((most, line) => (line.startsWith(`${letter} `) ? Math.max(most, Number(line.slice(2))) : most), -1);
  return { sent: greatest('s'), acknowledged: greatest('a') };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('kill -9 under write load', () => {
  process.stderr.write(`durability: DURABILITY_SEED=${SEED} DURABILITY_KILLS=${KILLS}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'tessera-kill-'));
  const path = join(folder, 'data');

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`loses nothing acknowledged and applies nothing twice, ${KILLS} times over (seed ${SEED})`, async () => {
    const random = new RandomSource(SEED);
    const expected = new ExpectedState();
    let acknowledged = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const first = expected.applied;
      const run = await writeAndKill(path, first, random, kill % EARLY_EVERY === 0);
      acknowledged += Math.max(0, run.acknowledged + 1 - first);
      // All that was acknowledged, in order, and perhaps some of what was under way.
      const bounds = { least: Math.max(first, run.acknowledged + 1), most: Math.max(first, run.sent + 1) };
      await check(expected, bounds, kill);
    }
    process.stderr.write(`durability: ${acknowledged} writes acknowledged, ${expected.applied} found\n`);
    expect(acknowledged).toBeGreaterThan(KILLS);
    expect(expected.applied).toBeGreaterThanOrEqual(acknowledged);
  }, 600_000);

  async function check(expected: ExpectedState, bounds: { least: number; most: number }, kill: number): Promise<void> {
    const { engine, directory, identity } = await openEngine(path);
    try {
      const found = { kill, seed: SEED, ...bounds };
      expect({ ...found, findings: engine.verify().findings }).toEqual({ ...found, findings: [] });
      const listIds = new Map(engine.lists.lists().map(({ id, name }) => [name, id]));
      const difference = await expected.advanceTo(engine, bounds, (index) => operationAt(SEED, index), listIds);
      if (difference !== null) {
        const [cuid = ''] = difference.differing;
        const ids = expected.lists.map((name) => listIds.get(name) ?? '');
        throw new Error(
          `kill ${kill} of seed ${SEED}: the state is that of no prefix of ${bounds.least} to ${bounds.most} operations. After ` +
            `${difference.applied} of them ${difference.differing.length} users differ, ${cuid} for one:\n` +
            `${digestUser(engine, cuid, ids)}\nand, after ${expected.applied} operations, expected:\n${expected.digest(cuid)}`,
        );
      }
      // One cuid a guid, one guid a cuid.
      const bound = new Map<string, number>();
      for (let guid = 1; guid <= identity.highestGuid; guid += 1) {
        const cuid = engine.cuidOf(guid as Guid);
        if (cuid === undefined) continue;
        expect({ ...found, cuid, other: bound.get(cuid), guid: engine.guidOf(cuid) }).toEqual({
          ...found,
          cuid,
          other: undefined,
          guid,
        });
        bound.set(cuid, guid);
      }
      const known = CUIDS.filter((cuid) => engine.user(cuid) !== undefined);
      expect([...bound.keys()].sort()).toEqual([...known].sort());
    } finally {
      // Now and then what was recovered is not written out before the next kill.
      await (kill % 2 === 0 ? engine.close() : engine.abandon());
      await directory.close();
    }
  }
});
