// Builds dist/ unless it is fresh. Fresh means: the paths, sizes and modification times of everything that shapes the
// output still hash to the stamp the last successful build left behind. Hashing contents would cost more than it saves.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const DIST = path.join(ROOT, 'dist');
const STAMP = path.join(DIST, '.stamp.json');
const LOCK = path.join(ROOT, 'node_modules', '.cache', 'tessera-build.lock');
const SOURCE_FOLDERS = ['apps', 'libs', 'test/bench', 'test/support', 'scripts'];
const SINGLE_FILES = ['tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package.json', 'package-lock.json'];
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'console']);

/**
 * Brings dist/ up to date; safe to call from several processes at once (they queue behind one lock).
 * @returns {Promise<number>} the exit code: 0 when dist/ is fresh
 */
export async function ensureBuilt() {
  if (isFresh(readInputs())) return 0;
  await acquireLock();
  try {
    // Taken before compiling: an edit made meanwhile leaves the stamp stale, so the next call builds again.
    const inputs = readInputs();
    if (isFresh(inputs)) return 0;
    return await build(inputs);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

async function build(inputs) {
  const startedMs = Date.now();
  process.stderr.write('Building… ');
  // The compiler never deletes the output of a source that is gone.
  const previous = readStamp()?.files ?? [];
  if (previous.some((file) => !inputs.files.includes(file))) rmSync(DIST, { recursive: true, force: true });
  // Interrupted half-way, this build is fresh for nobody.
  writeStamp({ hash: '', files: previous });
  const { exitCode, output } = await runNestBuild();
  if (exitCode !== 0) {
    process.stderr.write(`failed\n${output}`);
    return exitCode;
  }
  writeStamp(inputs);
  process.stderr.write(`done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
  return 0;
}

function runNestBuild() {
  const nest = path.join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const child = spawn(process.execPath, [nest, 'build', 'standalone', '--path', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const stop = (signal) => child.kill(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ exitCode: code ?? 1, output });
    });
  });
}

/** @returns {{ hash: string, files: string[] }} */
function readInputs() {
  const hash = createHash('sha256').update(process.version);
  const files = [];
  const add = (file) => {
    const stats = statSync(path.join(ROOT, file), { throwIfNoEntry: false });
    if (stats === undefined) return;
    files.push(file);
    hash.update(`${file}\0${stats.size}\0${stats.mtimeMs}\n`);
  };
  for (const folder of SOURCE_FOLDERS) listSources(folder).forEach(add);
  SINGLE_FILES.forEach(add);
  return { hash: hash.digest('hex'), files };
}

function listSources(folder) {
  let entries;
  try {
    entries = readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  } catch {
    return [];
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listSources(file);
    return /\.(ts|json)$/.test(entry.name) && !entry.name.endsWith('.spec.ts') ? [file] : [];
  });
}

function isFresh(inputs) {
  return readStamp()?.hash === inputs.hash;
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return undefined;
  }
}

function writeStamp(stamp) {
  mkdirSync(DIST, { recursive: true });
  writeFileSync(STAMP, JSON.stringify(stamp));
}

async function acquireLock() {
  mkdirSync(path.dirname(LOCK), { recursive: true });
  for (;;) {
    try {
      mkdirSync(LOCK);
      writeFileSync(path.join(LOCK, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isHolderGone()) rmSync(LOCK, { recursive: true, force: true });
    else await sleep(100);
  }
}

function isHolderGone() {
  try {
    const pid = Number(readFileSync(path.join(LOCK, 'pid'), 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
