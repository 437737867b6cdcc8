import { Kafka, logLevel } from 'kafkajs';
import type { Admin, Consumer, ConsumerConfig, LogEntry, Message, Producer } from 'kafkajs';
import { KafkaFailure } from './kafka-failure';
import { partitioner } from './partition-of-key';

/** Where lines of the client's log go. */
export type KafkaLog = (level: 'error' | 'warn' | 'info' | 'debug', line: string) => void;

export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs. */
  readonly clientId: string;
  readonly log: KafkaLog;
}

const LEVELS = {
  [logLevel.ERROR]: 'error',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'info',
  [logLevel.DEBUG]: 'debug',
} as const;
const HANDLED = [
  // Said of every idempotent producer: a send that was given up may have been written. Ours are closed then, and the transaction ends with them.
  'Limiting retries for the idempotent producer',
  // Said whenever a partition has enough in hand.
  'Pausing fetching from',
  'Resuming fetching from',
];
/**
 * A fetch leaves out the partitions whose last records are in hand; what comes for these meanwhile waits for its end. So it must not wait long for the others.
 */
const FETCH_MS_MAX = 20;
const REQUEST_MS_MAX = 30_000;
const RETRY = { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8 };
/** A transaction left open by a process that died is aborted by the next owner, or after this. */
const TRANSACTION_MS_MAX = 30_000;
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1_000;

/** Makes consumers and producers of one cluster. */
export class KafkaClient {
  readonly #kafka: Kafka;

  constructor({ brokers, clientId, log }: KafkaClientOptions) {
    this.#kafka = new Kafka({
      brokers: [...brokers],
      clientId,
      requestTimeout: REQUEST_MS_MAX,
      retry: RETRY,
      logLevel: logLevel.INFO,
      logCreator:
        () =>
        ({ level, log: { message, error } }: LogEntry) => {
          if (level === logLevel.NOTHING || HANDLED.some((start) => message.startsWith(start))) return;
          log(LEVELS[level], typeof error === 'string' ? `${message}: ${error}` : message);
        },
    });
  }

  admin(): Admin {
    return this.#kafka.admin();
  }

  /** Work with an administrator that is connected for it alone. @throws KafkaFailure for whatever it throws. */
  async withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.admin();
    try {
      await admin.connect();
      return await work(admin);
    } catch (error) {
      throw KafkaFailure.of(error);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** Reads committed records only. */
  consumer(groupId: string, options: Omit<Partial<ConsumerConfig>, 'groupId'> = {}): Consumer {
    return this.#kafka.consumer({
      groupId,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: TRANSACTION_MS_MAX,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      maxWaitTimeInMs: FETCH_MS_MAX,
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(true) },
      ...options,
    });
  }

  /** Writes in transactions under this id, of which only the newest producer may. */
  transactionalProducer(transactionalId: string): Producer {
    return this.#kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      transactionTimeout: TRANSACTION_MS_MAX,
      createPartitioner: partitioner,
    });
  }

  /**
   * Writes without transactions, each record once.
   *
   * @param retries tries after the first of what may succeed later. @param onPartition told which partition each message is sent to.
   */
  producer(
    retries = RETRY.retries,
    onPartition: (message: Message, partition: number) => void = () => undefined,
  ): Producer {
    return this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, retries },
      createPartitioner: () => {
        const choose = partitioner();
        return (choice) => {
          const partition = choose(choice);
          onPartition(choice.message, partition);
          return partition;
        };
      },
    });
  }
}
