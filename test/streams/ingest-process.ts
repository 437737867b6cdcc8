import { RedisProfiles } from '@tessera/online-profile';
import { RedisConnection } from '@tessera/redis';
import { SourceProcess } from '../support/source-process';

const MAIN = 'apps/ingest-worker/src/main.ts';

/** An ingest worker as a process of its own; it commits often. It has said `INGEST_RUNS` once it has begun. @param node options of Node. */
export function startIngest(settings: Readonly<Record<string, string>>, node: readonly string[] = []): SourceProcess {
  return SourceProcess.start(MAIN, {
    node,
    environment: { PORT: '0', LOG_LEVEL: 'info', COMMIT_MS: '100', ...settings },
  });
}

export const INGEST_RUNS = /The ingest worker runs/;

/** The profiles as those read them who answer questions. */
export async function openProfiles(
  redisUrl: string,
): Promise<{ readonly profiles: RedisProfiles; readonly close: () => void }> {
  const connection = await RedisConnection.open([redisUrl]);
  return { profiles: new RedisProfiles(connection, { idMemory: 1_000_000 }), close: () => connection.close() };
}
