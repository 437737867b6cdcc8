import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { checkValue, CHUNK_DATABASE, ChunkIndex } from './chunk-index';
import type { PlaceInFile } from './chunk-index';
import { LogSnapshot } from './copy-log';
import {
  DATABASE_FILE,
  demandFiles,
  exists,
  FORMAT_FILE,
  LOG_FOLDER,
  readFormat,
  readIdentity,
  SECRET_FILE,
  STORE_FOLDER,
  VALUES_FILE,
  writeDurably,
} from './directory-files';
import { DataDirectoryFormatError, DirectoryCopyError } from './errors';
import { LmdbEnvironment } from './lmdb-environment';
import { syncFolder } from './log-file-system';
import { ValueFile } from './value-file';
import { ValueWriter } from './value-writer';

/** What a copy is called until it is complete. */
const PARTIAL_SUFFIX = '.partial';

export interface CopyProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface CopyReport {
  /** Of log and chunks. */
  readonly bytes: number;
  readonly chunks: number;
  /** Of the last log record copied; 0: there is none. */
  readonly lastSequence: number;
}

/**
 * Copies a data directory, also while another process writes to it. The copy is of one moment between call and end: it has
 * all that was acknowledged before the call, and of what came later a part without gaps. Every record and chunk is checked on its way. It is
 * a data directory of its own with the same id and secret; it gets its name only when it is complete and on disk.
 *
 * The log is looked at first, then LMDB: a checkpoint in between holds all that it cut off the log, and the catalogue is never older
 * than the records that need it.
 *
 * @param to does not exist, or is an empty folder.
 * @throws DirectoryCopyError if there is nothing to copy, or something where the copy is to go.
 * @throws DataDirectoryFormatError, CorruptLogError, CorruptChunkError if the original is damaged.
 */
export async function copyDataDirectory(
  from: string,
  to: string,
  onProgress: (progress: CopyProgress) => void = () => undefined,
): Promise<CopyReport> {
  const [source, target] = [resolve(from), resolve(to)];
  await demandSource(source);
  await demandEmptyTarget(source, target);
  const partial = `${target}${PARTIAL_SUFFIX}`;
  await preparePartial(partial);
  try {
    const report = await copyParts(source, partial, onProgress);
    await rename(partial, target);
    await syncFolder(dirname(target));
    return report;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function demandSource(source: string): Promise<void> {
  if (!(await exists(join(source, FORMAT_FILE)))) {
    throw new DirectoryCopyError(`${source} is no data directory: check the path`);
  }
  await demandFiles(source);
}

async function demandEmptyTarget(source: string, target: string): Promise<void> {
  const way = relative(source, target);
  if (way === '' || !(way.startsWith('..') || resolve(way) === way)) {
    throw new DirectoryCopyError(`${target} lies in the data directory ${source}: choose a place outside of it`);
  }
  if (!(await exists(target))) return;
  const names = await readdir(target);
  if (names.length > 0) {
    throw new DirectoryCopyError(`${target} is not empty, it holds ${names[0]}: choose a new or empty directory`);
  }
}

/** What a copy that was interrupted left is removed, nothing else. */
async function preparePartial(partial: string): Promise<void> {
  if (await exists(partial)) {
    const ours: string[] = [
      FORMAT_FILE,
      `${FORMAT_FILE}.new`,
      SECRET_FILE,
      `${SECRET_FILE}.new`,
      LOG_FOLDER,
      STORE_FOLDER,
    ];
    const foreign = (await readdir(partial)).find((name) => !ours.includes(name));
    if (foreign !== undefined) {
      throw new DirectoryCopyError(
        `${partial}, where the copy is made, holds ${foreign}: remove it, or choose another target`,
      );
    }
    await rm(partial, { recursive: true });
  }
  await mkdir(partial, { recursive: true, mode: 0o700 });
  for (const folder of [LOG_FOLDER, STORE_FOLDER]) await mkdir(join(partial, folder), { mode: 0o700 });
}

async function copyParts(
  source: string,
  partial: string,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopyReport> {
  const identity = await readIdentity(source, FORMAT_FILE);
  const log = await LogSnapshot.take(join(source, LOG_FOLDER), identity.id);
  try {
    const environment = LmdbEnvironment.open(join(source, STORE_FOLDER), 'read beside writer');
    try {
      const store = join(partial, STORE_FOLDER);
      const snapshot = await environment.holdSnapshot(store);
      try {
        const places = await readPlaces(store);
        const bytesTotal = log.bytes + places.reduce((sum, [, { length }]) => sum + length, 0);
        let bytesDone = 0;
        const onBytes = (bytes: number): void => {
          bytesDone += bytes;
          onProgress({ bytesDone, bytesTotal });
        };
        await copyValues(join(source, STORE_FOLDER, VALUES_FILE), join(store, VALUES_FILE), places, onBytes);
        const lastSequence = await log.copyTo(join(partial, LOG_FOLDER), onBytes);
        await syncFile(join(store, DATABASE_FILE));
        await syncFolder(store);
        await syncFolder(join(partial, LOG_FOLDER));
        await writeDurably(partial, SECRET_FILE, identity.secret);
        await writeDurably(partial, FORMAT_FILE, await readFormat(source));
        return { bytes: bytesDone, chunks: places.length, lastSequence };
      } finally {
        snapshot.release();
      }
    } finally {
      await environment.close();
    }
  } finally {
    await log.close();
  }
}

/** Of the copy of the database, in order of the values' positions. */
async function readPlaces(store: string): Promise<[key: string, place: PlaceInFile][]> {
  const environment = LmdbEnvironment.open(store, 'read');
  try {
    const database = environment.database(CHUNK_DATABASE);
    const index = new ChunkIndex(database);
    const places: [string, PlaceInFile][] = [];
    for (const key of database.keys('')) {
      const place = index.placeOf(key);
      if (place?.kind === 'file') places.push([key, place]);
    }
    const firstOf = ([, { extents }]: [string, PlaceInFile]): number => extents[0]?.first ?? 0;
    return places.sort((left, right) => firstOf(left) - firstOf(right));
  } finally {
    await environment.close();
    // It holds nothing but the table of readers.
    await rm(join(store, 'lock.mdb'), { force: true });
  }
}

/** To the same places, so that the entries stay as they are; what is free becomes a hole. */
async function copyValues(
  from: string,
  to: string,
  places: readonly (readonly [key: string, place: PlaceInFile])[],
  onBytes: (bytes: number) => void,
): Promise<void> {
  const source = await ValueFile.open(from, true);
  try {
    const target = await ValueFile.open(to, false);
    try {
      if (target.bytes > 0) throw new DataDirectoryFormatError(`${to} is being written by somebody else`);
      const writer = new ValueWriter(target);
      for (const [key, place] of places) {
        const value = Buffer.allocUnsafeSlow(place.length);
        checkValue(key, place, value, await source.read(value, place.extents));
        await writer.write(value, place.extents);
        onBytes(place.length);
      }
      await writer.sync();
      if (writer.failedSyncs > 0) throw new Error(`${to}: the disk failed to take part of what was written`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
