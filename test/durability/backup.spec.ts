import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceProcess } from '../support/source-process';
import type { Ended } from '../support/source-process';
import { ExpectedState } from './expected-state';
import { openEngine } from './open-engine';
import { operationAt } from './workload';
import type { WriterJob } from './write-until-killed';
import { until } from '../support/until';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const BACKUPS = Number(process.env['DURABILITY_BACKUPS'] ?? 4);
const ROOT = join(__dirname, '..', '..');
const REGISTER = join(ROOT, 'test', 'support', 'register-swc.cjs');

/** Runs a command of the command line; what it printed, and its exit code. */
function run(command: 'backup' | 'restore' | 'verify', ...argv: string[]): Promise<Ended> {
  return SourceProcess.run(`apps/standalone/src/cli/${command}.ts`, { argv });
}

describe('backup and restore', () => {
  process.stderr.write(`durability: DURABILITY_SEED=${SEED} DURABILITY_BACKUPS=${BACKUPS}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'tessera-backup-'));
  const path = join(folder, 'data');
  const said = join(folder, 'said.txt');
  let writer: ChildProcess | null = null;
  let writerEnd: Promise<unknown> = Promise.resolve();

  /** Greatest index of a line that begins with the letter, −1: none. */
  const greatest = (letter: string): number =>
    readFileSync(said, 'utf8')
      .split('\n')
      .reduce((most, line) => (line.startsWith(`${letter} `) ? Math.max(most, Number(line.slice(2))) : most), -1);

  beforeAll(async () => {
    const output = openSync(said, 'w');
    const job: WriterJob = { path, seed: SEED, first: 0, operations: Number.MAX_SAFE_INTEGER, fault: null };
    const script = join(__dirname, 'write-until-killed.ts');
    writer = spawn(process.execPath, ['-r', REGISTER, script, JSON.stringify(job)], {
      stdio: ['ignore', output, 'inherit'],
    });
    writerEnd = new Promise((resolve) => writer?.once('exit', resolve));
    closeSync(output);
    await until(() => greatest('a') > 100);
  }, 300_000);

  afterAll(async () => {
    writer?.kill('SIGKILL');
    await writerEnd;
    rmSync(folder, { recursive: true, force: true });
  });

  it(`copies one moment beside a writer, ${BACKUPS} times (seed ${SEED})`, async () => {
    const expected = new ExpectedState();
    for (let n = 0; n < BACKUPS; n++) {
      const target = join(folder, `backup-${n}`);
      // All that was acknowledged before it began, and nothing that was not even asked for when it ended.
      const least = greatest('a') + 1;
      const { code, output } = await run('backup', target, '--data-dir', path);
      const most = greatest('s') + 1;
      expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining(`copied to ${target}`) });
      const { engine, directory } = await openEngine(target);
      try {
        expect(engine.verify().findings).toEqual([]);
        const listIds = new Map((await engine.lists.lists()).map(({ id, name }) => [name, id]));
        const bounds = { least: Math.max(least, expected.applied), most };
        const difference = await expected.advanceTo(engine, bounds, (index) => operationAt(SEED, index), {
          listIds,
          // Copied after the log, so it may be newer.
          catalogVersion: null,
        });
        if (difference !== null) {
          throw new Error(`seed ${SEED}: backup ${n} is of no moment between ${least} and ${most} operations`);
        }
      } finally {
        await engine.abandon();
        await directory.close();
      }
    }
    expect(writer?.exitCode).toBeNull();
    writer?.kill('SIGKILL');
    await writerEnd;
  }, 300_000);

  it('brings a backup back, checked, without overwriting anything', async () => {
    const backup = join(folder, 'backup-0');
    const target = join(folder, 'restored');
    const restored = await run('restore', backup, '--to', target);
    expect(restored).toMatchObject({ code: 0, output: expect.stringContaining('all agree') });
    expect(await readFile(join(target, 'format.json'))).toEqual(await readFile(join(backup, 'format.json')));
    expect(await run('verify', '--data-dir', target)).toMatchObject({ code: 0 });
    const again = await run('restore', backup, '--to', target);
    expect(again).toMatchObject({ code: 2, output: expect.stringContaining(`${target} is not empty`) });
    expect(again.output).not.toContain('    at ');
    expect(await run('backup', target, '--data-dir', backup)).toMatchObject({ code: 2 });
  }, 300_000);

  it('restores nothing that is damaged', async () => {
    const damaged = join(folder, 'damaged');
    await cp(join(folder, 'backup-0'), damaged, { recursive: true });
    const values = join(damaged, 'store', 'values');
    const bytes = await readFile(values);
    // Every page, so that whatever is in use is hit.
    for (let at = 100; at < bytes.length; at += 4_096) bytes[at]! ^= 1;
    await writeFile(values, bytes);
    for (const skip of [[], ['--skip-verify']]) {
      const refused = await run('restore', damaged, '--to', join(folder, 'never'), ...skip);
      expect(refused).toMatchObject({
        code: 2,
        output: expect.stringContaining('is damaged: its checksum does not match'),
      });
    }
    expect(await readdir(folder)).not.toContain('never');
  }, 300_000);

  it('explains itself, and says what is wrong with what it was given', async () => {
    const commands = ['backup', 'restore'] as const;
    const runs = commands.flatMap((command) => [
      run(command, '--help'),
      run(command),
      run(command, 'x', '--no-such-option'),
    ]);
    const [...answers] = await Promise.all(runs);
    expect(answers.map(({ code }) => code)).toEqual([0, 2, 2, 0, 2, 2]);
    commands.forEach((command, index) => {
      expect(answers[index * 3]?.output).toContain(`npm run ${command} -- <`);
      expect(answers[index * 3 + 1]?.output).toContain('Give exactly one');
      expect(answers[index * 3 + 2]?.output).toContain("Unknown option '--no-such-option'");
    });
    await mkdir(join(folder, 'empty'));
    const nothing = await run('backup', join(folder, 'target'), '--data-dir', join(folder, 'empty'));
    expect(nothing).toMatchObject({ code: 2, output: expect.stringContaining('is no data directory: check the path') });
  }, 300_000);
});
