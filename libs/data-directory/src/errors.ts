/** The data directory is open already, in another process or in this one. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError';
  readonly retriable = true;

  /** @param pid of the holder; null if it is not known (yet). */
  constructor(
    readonly path: string,
    readonly pid: number | null,
  ) {
    const holder = pid === null ? 'another process' : `process ${pid}`;
    super(`data directory ${path} is in use by ${holder}: stop it, or choose another directory with DATA_DIR`);
  }
}

/** The directory is none of ours, damaged, or written by a newer release. */
export class DataDirectoryFormatError extends Error {
  override readonly name = 'DataDirectoryFormatError';
  readonly retriable = false;
}

/** A data directory can't be copied from or to where it was asked for; nothing was changed. */
export class DirectoryCopyError extends Error {
  override readonly name = 'DirectoryCopyError';
  readonly retriable = false;
}

/** A record that was durable can no longer be read. */
export class CorruptLogError extends Error {
  override readonly name = 'CorruptLogError';
  readonly retriable = false;

  /** @param offset byte in the file at which the damage begins. */
  constructor(
    readonly file: string,
    readonly offset: number,
    readonly reason: string,
  ) {
    super(
      `write-ahead log ${file} is damaged at byte ${offset}: ${reason}; acknowledged records stand behind it, so nothing was cut off: restore the data directory from a backup`,
    );
  }
}

/** A stored value is not what was written. */
export class CorruptChunkError extends Error {
  override readonly name = 'CorruptChunkError';
  readonly retriable = false;

  /** @param database `chunks` or `documents`. */
  constructor(
    readonly database: string,
    readonly key: string,
    readonly reason: string,
  ) {
    super(
      `the entry ${key} of the database ${database} is damaged: ${reason}; restore the data directory from a backup`,
    );
  }
}
