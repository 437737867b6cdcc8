import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const LOG_CHARS_SHOWN = 2_000;

export interface Launch {
  readonly program: string;
  readonly argv: readonly string[];
  readonly folder: string;
  /** Everything that it writes goes there. */
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Asked again and again until it is true. */
  readonly isReady: () => Promise<boolean>;
  readonly timeoutMs: number;
}

/**
 * Starts a program that outlives this process and waits until it is ready.
 * @returns its process id. @throws Error with the end of its log if it ends or takes too long; it is stopped then.
 */
export async function launch(options: Launch): Promise<number> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.program, [...options.argv], {
    cwd: options.folder,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.environment },
  });
  closeSync(log);
  await once(child, 'spawn');
  child.unref();
  const pid = child.pid!;
  const untilMs = performance.now() + options.timeoutMs;
  while (!(await options.isReady())) {
    if (isRunning(pid) && child.exitCode === null && performance.now() < untilMs) {
      await sleep(POLL_MS);
      continue;
    }
    await stopProcess(pid, 0);
    const tail = readFileSync(options.logFile, 'utf8').slice(-LOG_CHARS_SHOWN);
    throw new Error(`${options.program} is not ready after ${options.timeoutMs / 1_000} s, or has ended:\n${tail}`);
  }
  return pid;
}

/** Asks a process to end, and ends it if it does not within the time. Resolves once it is gone. */
export async function stopProcess(pid: number, graceMs: number): Promise<void> {
  const untilMs = performance.now() + graceMs;
  signal(pid, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  while (isRunning(pid)) {
    if (performance.now() > untilMs) signal(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/**
 * A process that has ended but was not waited for counts as gone: once all its threads have ended, since the last of them closes its files. Until then
 * its ports still take connections, which nobody answers.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return !/^State:\s+Z/m.test(status) || !/^Threads:\s+1$/m.test(status);
  } catch {
    return process.platform !== 'linux';
  }
}

/** Whether somebody accepts connections at a port, or at the path of a socket. */
export function accepts(at: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}
