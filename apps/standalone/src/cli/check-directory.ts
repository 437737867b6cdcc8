import { SETTINGS } from '@tessera/platform';
import { openStore } from '../open-store';

export interface DirectoryVerdict {
  /** One sentence for each pair of things that should agree and don't. */
  readonly findings: readonly string[];
  /** What had to be left out at opening, such as a torn tail of the log. */
  readonly warnings: readonly string[];
  /** For people: what was looked at, and how it came out. */
  readonly summary: string;
}

/** Where the data directory is unless the command line says otherwise. */
export function configuredDirectory(): string {
  const configured = process.env[SETTINGS.dataDirectory.variable] ?? '';
  return configured === '' ? SETTINGS.dataDirectory.fallback : configured;
}

/**
 * Compares everything that is stored twice in a data directory that no server has open. Changes nothing.
 * @throws DirectoryLockedError, DataDirectoryFormatError, CorruptLogError, CorruptChunkError.
 */
export async function checkDirectory(path: string): Promise<DirectoryVerdict> {
  const store = await openStore({
    path,
    readOnly: true,
    idEntriesMax: Number(SETTINGS.idMemory.fallback),
    threads: 0,
    memoryBytesMax: Number(SETTINGS.memoryMb.fallback) * 1_048_576,
    onBackgroundError: (error) => console.error(error),
  });
  try {
    const { findings, users, tagShards, eventRows } = store.engine.verify();
    const verdict = findings.length === 0 ? 'all agree' : `${findings.length} findings`;
    return {
      findings,
      warnings: store.directory.warnings,
      summary: `${path}: ${users} users, ${tagShards} tag shards, ${eventRows} event rows: ${verdict}`,
    };
  } finally {
    await store.close();
  }
}
