import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Below the ports that Linux gives to outgoing connections (32768 and up). */
const PORTS = { least: 12_000, most: 32_000 };
/** A file for each port that a process of ours has taken, with the number of that process in it. */
const TAKEN = join(tmpdir(), `tessera-test-ports-${userInfo().uid}`);
/** Taken by this process. */
const mine = new Set<number>();

/**
 * A port that nobody listens on now, and that no other process is given while this one lives: a server takes seconds to listen on what it was given. It is
 * none that an outgoing connection can be given: while a server is down on purpose, a client that tries to reach it again and again would otherwise sooner
 * or later be connected to itself, and the server could not have its port back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.least, PORTS.most);
    if (!take(port)) continue;
    if (await isFree(port)) return port;
    giveBack(port);
  }
}

function take(port: number): boolean {
  if (mine.size === 0) {
    mkdirSync(TAKEN, { recursive: true });
    // Processes that were killed, and those of Jest, give nothing back.
    for (const file of readdirSync(TAKEN).map(Number).map(fileOf)) if (!isOwned(file)) rmSync(file, { force: true });
    process.once('exit', () => mine.forEach(giveBack));
  }
  try {
    writeFileSync(fileOf(port), String(process.pid), { flag: 'wx' });
  } catch {
    return false;
  }
  mine.add(port);
  return true;
}

function giveBack(port: number): void {
  mine.delete(port);
  rmSync(fileOf(port), { force: true });
}

function fileOf(port: number): string {
  return join(TAKEN, String(port));
}

/** Whether who has written the file lives; true too where that can't be known. */
function isOwned(file: string): boolean {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    // Created a moment ago, and not written yet.
    if (owner > 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
