// Starts the service as a reader of the README would, asks it for one count and stops it: `node .ci/smoke.mjs <folder>`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CUSTOMERS = 2000;
const READY_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 20_000;

const port = await findFreePort();
const service = spawn('npm', ['start', '--', '--customers', String(CUSTOMERS)], {
  env: {
    ...process.env,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: path.join(mkdtempSync(path.join(process.argv[2], 'smoke-')), 'data'),
  },
  stdio: ['ignore', 'inherit', 'inherit'],
});

try {
  await waitUntilReady();
  const count = await countEveryone();
  if (count !== CUSTOMERS) throw new Error(`counted ${count} customers, expected ${CUSTOMERS}`);
  console.log(`Counted ${count} customers.`);
} catch (error) {
  console.error(`Smoke test: ${error.message}`);
  process.exitCode = 1;
} finally {
  await stop();
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

async function waitUntilReady() {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (service.exitCode !== null) throw new Error(`npm start ended with code ${service.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error(`not ready after ${READY_TIMEOUT_MS} ms`);
}

async function countEveryone() {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/segmentation/count`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ expression: { all: true } }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`count answered ${answer.status}: ${text}`);
  return JSON.parse(text).count;
}

async function stop() {
  if (service.exitCode !== null) return;
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  const timer = setTimeout(() => service.kill('SIGKILL'), STOP_TIMEOUT_MS);
  const [code, signal] = await ended;
  clearTimeout(timer);
  if (code !== 0) {
    console.error(`Smoke test: after SIGTERM npm start ended with ${signal ?? `code ${code}`}, expected code 0`);
    process.exitCode = 1;
  }
}
