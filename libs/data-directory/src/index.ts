export { ChunkStore } from './chunk-store';
export type { ChunkChanges } from './chunk-store';
export type { ChunkStaging } from './chunk-staging';
export { copyDataDirectory } from './copy-directory';
export type { CopyProgress, CopyReport } from './copy-directory';
export { DataDirectory } from './data-directory';
export type { DataDirectoryOptions } from './data-directory';
export { DocumentStore } from './document-store';
export {
  CorruptChunkError,
  CorruptLogError,
  DataDirectoryFormatError,
  DirectoryCopyError,
  DirectoryLockedError,
} from './errors';
export { WriteAheadLog } from './write-ahead-log';
export type { AppendedRecord } from './write-ahead-log';
