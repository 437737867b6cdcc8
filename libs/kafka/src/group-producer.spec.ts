import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaServer } from '../../../test/support/services/kafka-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { until } from '../../../test/support/until';
import { GroupProducer, KafkaClient, KafkaFailure, readToEnd, TopicDirectory } from './index';
import type { NewRecord, ReadRecord, TopicEnds } from './index';

const TEST_MS_MAX = 200_000;

describeWithServer('GroupProducer', KafkaServer, (server) => {
  let client: KafkaClient;
  let topics: TopicDirectory;
  let made = 0;

  beforeAll(() => {
    client = new KafkaClient({ brokers: [server().broker], clientId: 'test', log: () => undefined });
    topics = new TopicDirectory(client);
  });

  afterAll(() => topics.close());

  async function newTopic(): Promise<string> {
    const topic = `written-${++made}`;
    await topics.create([{ topic, partitions: 3, replicationFactor: -1, settings: {} }]);
    return topic;
  }

  const record = (topic: string, key: string, value: string | Buffer): NewRecord => ({
    ...{ topic, key: Buffer.from(key), value: Buffer.from(value), headers: {}, timestampMs: 1_700_000_000_000 },
  });

  async function read(topic: string): Promise<ReadonlyMap<number, readonly ReadRecord[]>> {
    const found = new Map<number, ReadRecord[]>();
    await readToEnd(client, topic, (partition, records) => {
      found.set(partition, [...(found.get(partition) ?? []), ...records]);
    });
    return found;
  }

  it(
    'writes what many callers bring, each once and in order, and tells each how far its own records reach',
    async () => {
      const topic = await newTopic();
      const producer = new GroupProducer(client, topic);
      const calls: Promise<TopicEnds>[] = [];
      for (let call = 0; call < 300; call++) {
        const records = Array.from({ length: 1 + (call % 7) }, (_, n) => record(topic, `key-${n}`, `${call}/${n}`));
        calls.push(producer.write(records));
        if (call % 50 === 0) await sleep(5);
      }
      // More than one request by itself, and records of almost the largest size.
      calls.push(producer.write(Array.from({ length: 4 }, () => record(topic, 'large', Buffer.alloc(950_000, 'x')))));
      const ends = await Promise.all(calls);
      await producer.close();
      const found = await read(topic);
      for (const [call, own] of ends.entries()) {
        const expected = new Map<number, number>();
        for (const [partition, records] of found) {
          const last = records.filter(({ key, value }) =>
            call === 300 ? String(key) === 'large' : value!.length < 20 && String(value).startsWith(`${call}/`),
          );
          if (last.length > 0) expected.set(partition, last.at(-1)!.offset + 1);
        }
        expect({ call, ends: new Map([...own].sort()) }).toEqual({ call, ends: new Map([...expected].sort()) });
      }
      const all = [...found.values()].flat();
      expect(all.length).toBe(Array.from({ length: 300 }, (_, call) => 1 + (call % 7)).reduce((a, b) => a + b) + 4);
      for (const records of found.values()) {
        const order = records.filter(({ key }) => String(key) === 'key-0').map(({ value }) => parseInt(String(value)));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
      expect(all[0]?.timestampMs).toBe(1_700_000_000_000);
    },
    TEST_MS_MAX,
  );

  it(
    'acknowledges nothing while Kafka is away, and everything it has acknowledged is there once',
    async () => {
      const topic = await newTopic();
      const producer = new GroupProducer(client, topic);
      const acknowledged: string[] = [];
      let refused = 0;
      let isOver = false;
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; !isOver; n++) {
          const value = `${writer}/${n}`;
          await producer.write([record(topic, `key-${writer}`, value)]).then(
            () => acknowledged.push(value),
            (error: unknown) => {
              expect(error).toBeInstanceOf(KafkaFailure);
              refused++;
              return sleep(20);
            },
          );
        }
      });
      try {
        await sleep(1_000);
        await server().kill();
        await sleep(6_000);
        const before = acknowledged.length;
        await sleep(500);
        expect(acknowledged.length).toBe(before);
        await server().start();
        await until(() => acknowledged.length > before);
      } finally {
        isOver = true;
        await Promise.all(writers);
        await producer.close();
      }
      expect(refused).toBeGreaterThan(0);
      const values = [...(await read(topic)).values()].flat().map(({ value }) => String(value));
      const counts = new Map<string, number>();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      expect(acknowledged.filter((value) => counts.get(value) !== 1)).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it(
    'answers in time though nobody there does',
    async () => {
      const topic = await newTopic();
      const producer = new GroupProducer(client, topic, 1_500);
      await producer.write([record(topic, 'a', '1')]);
      await server().suspend();
      try {
        const startedMs = performance.now();
        const both = await Promise.allSettled([2, 3].map((n) => producer.write([record(topic, 'a', String(n))])));
        expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
        expect(performance.now() - startedMs).toBeLessThan(15_000);
      } finally {
        server().resume();
      }
      await producer.close();
    },
    TEST_MS_MAX,
  );
});
