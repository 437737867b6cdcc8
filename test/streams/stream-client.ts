import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigResourceTypes } from 'kafkajs';
import { readToEnd } from '@tessera/kafka';
import { KafkaClient } from '@tessera/kafka';
import type { ReadRecord } from '@tessera/kafka';
import type { Answer, RunningServer } from '../support/running-server';

const RAW = 'tags.raw';
const WAIT_MS_MAX = 60_000;
const RAW_BYTES_MAX = 16 * 1024 * 1024;

/** A record to be sent to `tags.raw`. */
export interface RawRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer>>;
}

/** A message as `tags.raw` takes it. */
export function rawMessage(type: string, cuid: string, body: object, header: object = {}): RawRecord {
  return { key: cuid, value: JSON.stringify({ header: { type, cuid, ...header }, body }) };
}

/** What a test does with a Kafka whose topic `tags.raw` a standalone process reads. */
export class StreamClient {
  readonly client: KafkaClient;

  constructor(broker: string) {
    this.client = new KafkaClient({ brokers: [broker], clientId: 'test', log: () => undefined });
  }

  async createTopics(topics: Readonly<Record<string, number>>): Promise<void> {
    await this.client.withAdmin(async (admin) => {
      await admin.createTopics({
        waitForLeaders: true,
        topics: Object.entries(topics).map(([topic, numPartitions]) => ({
          topic,
          numPartitions,
          replicationFactor: 1,
        })),
      });
    });
  }

  /** Larger ones than the process takes. */
  async takeLargeRecords(name: string): Promise<void> {
    const configEntries = [{ name: 'max.message.bytes', value: String(RAW_BYTES_MAX) }];
    const resources = [{ type: ConfigResourceTypes.TOPIC, name, configEntries }];
    await this.client.withAdmin((admin) => admin.alterConfigs({ validateOnly: false, resources }));
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.client.withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /** As retention would: everything before these offsets is gone. */
  async deleteBefore(topic: string, partition: number, offset: number): Promise<void> {
    await this.client.withAdmin(async (admin) => {
      // Else the client does not know where the partition is.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    });
  }

  send(...records: readonly RawRecord[]): Promise<void> {
    return this.sendTo(RAW, ...records);
  }

  async sendTo(topic: string, ...messages: readonly RawRecord[]): Promise<void> {
    const producer = this.client.producer();
    await producer.connect();
    await producer.send({ topic, messages: messages.map((message) => ({ ...message })) });
    await producer.disconnect();
  }

  /** Where each partition ends. */
  async ends(topic: string): Promise<ReadonlyMap<number, number>> {
    const ends = new Map<number, number>();
    await this.client.withAdmin(async (admin) => {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) ends.set(partition, Number(high));
    });
    return ends;
  }

  /** All records of a topic as soon as there are so many. */
  async read(topic: string, count: number): Promise<readonly ReadRecord[]> {
    return eventually(async () => {
      const records: ReadRecord[] = [];
      await readToEnd(this.client, topic, (_partition, some) => {
        records.push(...some);
      });
      if (records.length < count) throw new Error(`${topic} has ${records.length} records, not ${count}`);
      return records;
    });
  }
}

/** The answer of a question that is asked until it does not throw. @throws what it threw last. */
export async function eventually<T>(ask: () => Promise<T>, waitMs = WAIT_MS_MAX): Promise<T> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await sleep(100);
    }
  }
}

/** The answer, which must be one of success. */
export async function ask(server: RunningServer, method: string, url: string, body?: object): Promise<Answer['body']> {
  const answer = await server.ask(method, url, body);
  if (answer.status >= 300) throw new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
