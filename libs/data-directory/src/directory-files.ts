import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryFormatError } from './errors';
import { syncFolder } from './log-file-system';

/** Grows with every change to docs/formats/data-directory.md that an older release would misread. */
export const DATA_DIRECTORY_FORMAT = 1;
export const SECRET_BYTES = 32;
export const FORMAT_FILE = 'format.json';
/** What becomes the format file when a new directory is complete. */
export const FORMAT_DRAFT = `${FORMAT_FILE}.new`;
export const SECRET_FILE = 'secret';
export const LOCK_FILE = 'lock';
export const LOG_FOLDER = 'log';
export const STORE_FOLDER = 'store';
export const DATABASE_FILE = 'data.mdb';
export const VALUES_FILE = 'values';

/** What tells one data directory from another. */
export interface Identity {
  readonly id: string;
  readonly secret: Buffer;
}

/** What is missing would be made anew and empty, which would be taken for all there is. */
export async function demandFiles(directory: string): Promise<void> {
  for (const name of [LOG_FOLDER, join(STORE_FOLDER, DATABASE_FILE), join(STORE_FOLDER, VALUES_FILE)]) {
    if (await exists(join(directory, name))) continue;
    throw new DataDirectoryFormatError(
      `${join(directory, name)} is missing: put it back, or restore the data directory from a backup`,
    );
  }
}

/** The bytes of the format file. */
export function readFormat(directory: string): Promise<Buffer> {
  return readFile(join(directory, FORMAT_FILE));
}

/** @param formatFile its name. */
export async function readIdentity(directory: string, formatFile: string): Promise<Identity> {
  const id = parseFormat(directory, await readFile(join(directory, formatFile), 'utf8'));
  const secret = await readFile(join(directory, SECRET_FILE)).catch(() => null);
  if (secret?.length !== SECRET_BYTES) {
    const found = secret === null ? 'cannot be read' : `has ${secret.length} bytes instead of ${SECRET_BYTES}`;
    throw new DataDirectoryFormatError(`${join(directory, SECRET_FILE)} ${found}: restore it from a backup`);
  }
  return { id, secret };
}

function parseFormat(directory: string, text: string): string {
  const file = join(directory, FORMAT_FILE);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DataDirectoryFormatError(`${file} is no JSON: restore it from a backup`);
  }
  const format = typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined;
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1) {
    throw new DataDirectoryFormatError(`${file} gives no format version: restore it from a backup`);
  }
  if (format > DATA_DIRECTORY_FORMAT) {
    throw new DataDirectoryFormatError(
      `data directory ${directory} has format ${format}, this release reads up to ${DATA_DIRECTORY_FORMAT}: start the release that wrote it, or a newer one`,
    );
  }
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) {
    throw new DataDirectoryFormatError(`${file} gives no id of 16 hexadecimal digits: restore it from a backup`);
  }
  return id;
}

/** Afterwards the file is there with all its bytes, even after a power cut; before, it is not there. */
export async function writeDurably(directory: string, name: string, bytes: Buffer): Promise<void> {
  const temporary = join(directory, `${name}.new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, name));
  await syncFolder(directory);
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
