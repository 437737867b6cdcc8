import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Where a program is, on the PATH or in one of the folders that only administrators have on theirs; null: nowhere. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not there.
    }
  }
  return null;
}

/** Runs a program to its end. @throws Error with what it wrote if it fails. */
export async function runProgram(
  program: string,
  argv: readonly string[],
  options: { readonly folder?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  try {
    const { stdout } = await run(program, [...argv], {
      maxBuffer: OUTPUT_BYTES_MAX,
      env: { ...process.env, ...options.environment },
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim().slice(-2_000);
    throw new Error(`${path.basename(program)} ${argv[0] ?? ''} failed${said === '' ? '' : `:\n${said}`}`, {
      cause: error,
    });
  }
}

/** Whether a program ends with 0. */
export async function succeeds(program: string, argv: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [...argv], { stdio: 'ignore' });
    child.once('error', () => {
      resolve(false);
    });
    child.once('close', (code) => {
      resolve(code === 0);
    });
  });
}
