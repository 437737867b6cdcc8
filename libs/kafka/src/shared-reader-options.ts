import type { KafkaClient } from './kafka-client';
import type { LaneBatch } from './record-lane';
import type { SharedWork } from './shared-lane';
import type { TopicPartition } from './topic-partition';

export interface SharedReaderOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  /** Made for each partition that comes to this process, and whenever one begins anew. */
  readonly workOf: (where: TopicPartition) => SharedWork;
  readonly batch: LaneBatch;
  /** Reading waits while so much is waiting in all partitions together, in bytes of keys and values. */
  readonly waitingBytesMax: number;
  /** Time between two commits, ms. */
  readonly commitMs: number;
  readonly onCommit: (commit: { readonly topic: string; readonly records: number; readonly oldestMs: number }) => void;
  /**
   * Everything after which a partition begins anew; null: what keeps all of them from being read.
   * @param isNews false: it was told, and nothing was done since.
   */
  readonly onFailure: (where: TopicPartition | null, error: unknown, isNews: boolean) => void;
  /** So many offsets that nobody has worked on are gone from the topic, marks of transactions among them; reading goes on with the oldest record there is. */
  readonly onLost: (where: TopicPartition, offsets: number) => void;
}

/** At the end, for what is in hand, and for the last commit. */
export const FINISH_MS_MAX = 2_000;
export const COMMIT_MS_MAX = 1_500;
export const LEAVE_MS_MAX = 800;
/** What kafkajs tries by itself; then all is made anew. */
export const RETRY = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  retries: 3,
  restartOnFailure: (): Promise<boolean> => Promise.resolve(false),
};
