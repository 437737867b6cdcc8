// Run by mapping-bench.ts: copies tags.raw to COPY_TO with kafkajs alone, in transactions as the mapping worker has them.
import { Kafka, logLevel } from 'kafkajs';
import type { Consumer, EachBatchPayload, Producer, Transaction } from 'kafkajs';

const TOPIC = 'tags.raw';
const COMMIT_RECORDS = 5_000;
const COMMIT_MS = 200;
const CONCURRENCY = 8;
/** What is fetched at once has to go into one request. */
const FETCH_BYTES_MAX = 800_000;

/** One partition: a transactional producer of its own. Everything is done one after the other. */
class Copier {
  #transaction: Transaction | null = null;
  #nextOffset = 0;
  #uncommitted = 0;
  #timer: NodeJS.Timeout | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly producer: Producer,
    private readonly options: { readonly partition: number; readonly group: string; readonly to: string },
  ) {}

  copy({ batch }: EachBatchPayload): Promise<void> {
    return this.inTurn(async () => {
      this.#transaction ??= await this.producer.transaction();
      const messages = batch.messages.map(({ key, value, headers, timestamp }) => ({
        ...{ key, value, timestamp },
        ...(headers === undefined ? {} : { headers }),
      }));
      await this.#transaction.sendBatch({ acks: -1, topicMessages: [{ topic: this.options.to, messages }] });
      this.#nextOffset = Number(batch.lastOffset()) + 1;
      this.#uncommitted += messages.length;
      if (this.#uncommitted >= COMMIT_RECORDS) await this.commit();
      else this.#timer ??= setTimeout(() => void this.inTurn(() => this.commit()), COMMIT_MS);
    });
  }

  async commit(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const transaction = this.#transaction;
    if (transaction === null) return;
    const { group, partition } = this.options;
    const partitions = [{ partition, offset: String(this.#nextOffset) }];
    await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic: TOPIC, partitions }] });
    await transaction.commit();
    this.#transaction = null;
    this.#uncommitted = 0;
  }

  inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done;
    return done;
  }
}

async function main(): Promise<void> {
  const { KAFKA_BROKERS = '', GROUP_ID: group = '', COPY_TO: to = '' } = process.env;
  const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({
    groupId: group,
    readUncommitted: false,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: FETCH_BYTES_MAX,
  });
  const copiers = new Map<number, Promise<Copier>>();
  const copierOf = (partition: number): Promise<Copier> => {
    const known = copiers.get(partition) ?? open(kafka, { partition, group, to });
    copiers.set(partition, known);
    return known;
  };
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: CONCURRENCY,
    eachBatch: async (payload) => (await copierOf(payload.batch.partition)).copy(payload),
  });
  process.once('SIGTERM', () => void end(consumer));
}

async function open(
  kafka: Kafka,
  options: { readonly partition: number; readonly group: string; readonly to: string },
): Promise<Copier> {
  const transactionalId = `${options.group}/${options.partition}`;
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return new Copier(producer, options);
}

async function end(consumer: Consumer): Promise<void> {
  await consumer.disconnect();
  process.exit(0);
}

void main();
