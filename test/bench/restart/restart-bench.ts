import path from 'node:path';
import { Random } from '../../../apps/standalone/src/sample/random';
import { createBenchUsers } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import { ChildProgram } from '../http/child-process';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { SUBJECT } from '../framework/result';
import { spreadOf } from '../framework/statistics';
import { rate } from '../measure/pauses';
import { countByColumns, drawRule } from '../store/bench-rules';
import { RestartUpdates, updateColumns } from './restart-messages';

export const restartBench: Bench = {
  name: 'restart',
  title: 'Start after a clean stop and after kill -9, and a checkpoint beside writes at full speed',
  peers: [],
  users: { full: 50_000_000, short: 100_000 },
  run: runRestartBench,
};

/** Written after the last checkpoint, before the kill. */
const MESSAGES = { full: 4_000_000, short: 20_000 };
const PROGRAM = 'test/bench/restart/restart-process';
const CLEAN_TARGET_S = 15;
const KILLED_TARGET_S = 30;
const REPLAY_TARGET = 5;
const ACKNOWLEDGED_TARGET_MS = 1_000;
const RULES = 5;

interface Started {
  readonly openMs: number;
  /** From the start of opening to the answer of the first count. */
  readonly firstCountMs: number;
}

/** Every start is a process of its own; the files are in the page cache of the machine, as after a crash of the process alone. */
async function runRestartBench({ users: size, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const messages = isShort ? MESSAGES.short : MESSAGES.full;
  report.note(
    `${messages.toLocaleString('en-US')} messages of 3 tags behind the last checkpoint at the kill; files in the page cache`,
  );
  const users = createBenchUsers(size, seed);
  const argv = (role: string): string[] => [path.join(folder, 'data'), role, ...[size, seed, messages].map(String)];
  await new ChildProgram(PROGRAM, argv('prepare')).finished();
  const clean = await startAndCount(argv('open'), users, seed, report);
  report.note(`After a clean stop: open ${show(clean.openMs)}, first count answered after ${show(clean.firstCountMs)}`);
  report.figure({
    name: 'clean stop → first count',
    value: clean.firstCountMs / 1_000,
    unit: 's',
    target: { atMost: CLEAN_TARGET_S },
  });
  const live = await writeAndKill(argv('write'));
  updateColumns(users, new RestartUpdates(size, seed), messages);
  const killed = await startAndCount(argv('open'), users, seed, report);
  const liveRate = rate(messages, live.elapsedMs);
  const replayRate = rate(messages, Math.max(1, killed.openMs - clean.openMs));
  report.note(
    `After kill -9 with ${(live.logBytes / 2 ** 20).toFixed(0)} MiB of log: open ${show(killed.openMs)}, first count answered after ` +
      `${show(killed.firstCountMs)}; written live at ${showRate(liveRate)}, replayed at ${showRate(replayRate)} (what opening takes beyond that after a clean stop)`,
  );
  report.figure({
    name: 'kill -9 → first count',
    value: killed.firstCountMs / 1_000,
    unit: 's',
    target: { atMost: KILLED_TARGET_S },
  });
  report.figure({
    name: 'replay / live writes',
    value: replayRate / liveRate,
    unit: '×',
    target: { atLeast: REPLAY_TARGET },
  });
  await checkpointUnderWrites(argv('checkpoint'), report);
}

async function startAndCount(
  argv: readonly string[],
  users: BenchUsers,
  seed: number,
  report: Report,
): Promise<Started> {
  const random = new Random(seed, 14);
  const program = new ChildProgram(PROGRAM, argv);
  try {
    const rules = Array.from({ length: RULES }, () => drawRule(random, true));
    for (const rule of rules) program.say(JSON.stringify(rule.expression));
    const opened = await lineOf(program, 'opened');
    let firstCountMs: number | null = null;
    for (const rule of rules) {
      const { count = -1, elapsedMs = 0 } = await lineOf(program, 'count');
      firstCountMs ??= (opened['elapsedMs'] ?? 0) + elapsedMs;
      report.check(JSON.stringify(rule.expression), count, countByColumns(users, rule));
    }
    report.check('users known', opened['users'] ?? -1, users.users);
    return { openMs: opened['elapsedMs'] ?? 0, firstCountMs: firstCountMs ?? 0 };
  } finally {
    await program.end('SIGKILL');
  }
}

async function writeAndKill(argv: readonly string[]): Promise<{ elapsedMs: number; logBytes: number }> {
  const program = new ChildProgram(PROGRAM, argv);
  try {
    const { elapsedMs = 0, logBytes = 0 } = await lineOf(program, 'written');
    return { elapsedMs, logBytes };
  } finally {
    await program.end('SIGKILL');
  }
}

async function checkpointUnderWrites(argv: readonly string[], report: Report): Promise<void> {
  const program = new ChildProgram(PROGRAM, argv);
  try {
    const json = JSON.parse(await program.lineAfter('checkpointed ')) as CheckpointResult;
    report.note(
      `Checkpoint under full-speed writes: ${show(json.checkpointMs)}, ${json.written.toLocaleString('en-US')} messages written meanwhile; ` +
        `event loop late by p99 ${json.delayP99Ms.toFixed(1)}, max ${json.delayMaxMs.toFixed(1)} ms`,
    );
    report.timing('acknowledgement of a batch of 500, no checkpoint', SUBJECT, json.quietMs);
    report.timing('acknowledgement of a batch of 500, during a checkpoint', SUBJECT, json.busyMs);
    report.figure({
      name: 'acknowledgement p99 during a checkpoint',
      value: spreadOf(json.busyMs).p99,
      unit: 'ms',
      target: { atMost: ACKNOWLEDGED_TARGET_MS },
    });
    report.check('findings of verify after it', json.findings, 0);
    await program.finished();
  } finally {
    await program.end('SIGKILL');
  }
}

/** As restart-process prints it. */
interface CheckpointResult {
  readonly checkpointMs: number;
  readonly written: number;
  readonly quietMs: readonly number[];
  readonly busyMs: readonly number[];
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly findings: number;
}

async function lineOf(program: ChildProgram, word: string): Promise<{ readonly [key: string]: number | undefined }> {
  return JSON.parse(await program.lineAfter(`${word} `)) as { readonly [key: string]: number | undefined };
}

function show(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function showRate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en-US')}/s`;
}
