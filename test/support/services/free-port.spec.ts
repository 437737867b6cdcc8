import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';

const REGISTER = join(__dirname, '..', 'register-swc.cjs');
const PORTS_EACH = 400;

/** Ports given to a process of its own, which lives until it is told to end. */
async function portsOfAnother(): Promise<{ readonly ports: readonly number[]; readonly end: () => Promise<void> }> {
  const script = `const { freePort } = require(${JSON.stringify(join(__dirname, 'free-port.ts'))});
    (async () => {
      const ports = [];
      while (ports.length < ${PORTS_EACH}) ports.push(await freePort());
      process.stdout.write(JSON.stringify(ports) + '\\n');
      process.stdin.once('end', () => process.exit()).resume();
    })();`;
  const child = spawn(process.execPath, ['-r', REGISTER, '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let text = '';
  for await (const part of child.stdout.iterator({ destroyOnReturn: false })) {
    text += String(part);
    if (text.endsWith('\n')) break;
  }
  const end = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  return { ports: JSON.parse(text) as readonly number[], end };
}

describe('freePort', () => {
  it('gives no port to two processes at once, and gives them back when these end', async () => {
    const others = await Promise.all([portsOfAnother(), portsOfAnother(), portsOfAnother()]);
    const own: number[] = [];
    while (own.length < PORTS_EACH) own.push(await freePort());
    const all = [...own, ...others.flatMap(({ ports }) => ports)];
    expect(new Set(all).size).toBe(4 * PORTS_EACH);
    for (const { end } of others) await end();
    const folder = join(tmpdir(), `tessera-test-ports-${userInfo().uid}`);
    const left = others.flatMap(({ ports }) => ports).filter((port) => existsSync(join(folder, String(port))));
    expect(left).toEqual([]);
  });

  it('gives no port that somebody listens on', async () => {
    const server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (let count = 0; count < PORTS_EACH; count += 1) expect(await freePort()).not.toBe(port);
    server.close();
  });
});
