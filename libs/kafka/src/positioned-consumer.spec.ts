import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaServer } from '../../../test/support/services/kafka-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { until } from '../../../test/support/until';
import type { KafkaClient } from './kafka-client';
import { PositionedConsumer } from './positioned-consumer';
import type { PositionedOptions, PositionedWork, ReadingStart } from './positioned-consumer';
import type { ReadRecord } from './records';
import { SpecTopics } from './testing/spec-topics';

const TEST_MS_MAX = 120_000;

/** Keeps what it was given, and its own position, as a store would. */
class Kept implements PositionedWork {
  readonly values: string[] = [];
  readonly offsets: number[] = [];
  position: number | null = null;
  failures = 0;
  isHeld = false;

  begin(): Promise<ReadingStart | null> {
    const { position } = this;
    return Promise.resolve(position === null ? null : { from: position, firstNew: position + 1 });
  }

  async process(records: readonly ReadRecord[], signal: AbortSignal): Promise<void> {
    while (this.isHeld) {
      signal.throwIfAborted();
      await sleep(10);
    }
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('not now');
    }
    for (const { offset, value } of records) {
      if (offset <= (this.position ?? -1)) continue;
      this.values.push(String(value));
      this.offsets.push(offset);
      this.position = offset;
    }
  }
}

describeWithServer('PositionedConsumer', KafkaServer, (kafka) => {
  let topics: SpecTopics;
  let client: KafkaClient;
  const running: PositionedConsumer[] = [];

  beforeAll(() => {
    topics = new SpecTopics(kafka().broker, 'topic');
    ({ client } = topics);
  });

  afterEach(async () => {
    for (const consumer of running.splice(0)) await consumer.stop();
  });

  function read(topic: string, works: readonly Kept[], options: Partial<PositionedOptions> = {}): PositionedConsumer {
    const consumer = new PositionedConsumer({
      ...{ client, topic, groupPrefix: 'test', startMs: null, batch: { records: 10, bytes: 1_000, ageMs: 0 } },
      workOf: (partition) => works[partition]!,
      onFailure: () => undefined,
      onLost: () => undefined,
      onDone: () => undefined,
      ...options,
    });
    consumer.start();
    running.push(consumer);
    return consumer;
  }

  const numbers = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, index) => String(from + index));

  it(
    'reads on behind the position that the work keeps, whatever was read before',
    async () => {
      const topic = await topics.make(2);
      const works = [new Kept(), new Kept()];
      await topics.send(topic, 0, numbers(0, 25));
      works[1]!.position = 4;
      await topics.send(topic, 1, numbers(100, 10));
      const done: (readonly [number, number])[] = [];
      const first = read(topic, works, { onDone: (partition, next) => done.push([partition, next]) });
      await until(() => works[0]!.position === 24 && works[1]!.position === 9);
      expect([works[0]!.values, works[1]!.values]).toEqual([numbers(0, 25), numbers(105, 5)]);
      expect(done).toContainEqual([0, 25]);
      await until(async () => [...(await first.lag()).values()].every((lag) => lag === 0));
      await first.stop();
      await topics.send(topic, 0, numbers(25, 5));
      read(topic, works);
      await until(() => works[0]!.position === 29);
      expect(works[0]!.values).toEqual(numbers(0, 30));
    },
    TEST_MS_MAX,
  );

  it(
    'begins with a partition that was never read where it is told to',
    async () => {
      const topic = await topics.make(2);
      const works = [new Kept(), new Kept()];
      const producer = client.producer();
      await producer.connect();
      const messages = [1_000, 2_000, 3_000].map((timestamp) => ({
        ...{ partition: 0, value: String(timestamp), timestamp: String(timestamp) },
      }));
      await producer.send({ topic, messages });
      await producer.disconnect();
      read(topic, works, { startMs: 1_500 });
      await until(() => works[0]!.position === 2);
      await topics.send(topic, 1, ['later']);
      await until(() => works[1]!.position === 0);
      expect([works[0]!.values, works[1]!.values]).toEqual([['2000', '3000'], ['later']]);
    },
    TEST_MS_MAX,
  );

  it(
    'passes over what transactions have dropped, and has no lag behind their marks',
    async () => {
      const topic = await topics.make(1);
      const work = new Kept();
      const consumer = read(topic, [work]);
      const producer = client.transactionalProducer('test');
      await producer.connect();
      for (let round = 0; round < 4; round++) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [{ value: `${round}`, partition: 0 }] });
        await (round % 2 === 0 ? transaction.commit() : transaction.abort());
      }
      await producer.disconnect();
      await until(() => work.values.length === 2);
      await until(async () => (await consumer.lag()).get(0) === 0);
      await topics.send(topic, 0, ['last']);
      await until(() => work.values.length === 3);
      expect([work.values, work.offsets]).toEqual([
        ['0', '2', 'last'],
        [0, 4, 8],
      ]);
    },
    TEST_MS_MAX,
  );

  it(
    'tries a partition again whose work fails, keeps it waiting without reading it further, and goes on with the others',
    async () => {
      const topic = await topics.make(2);
      const works = [new Kept(), new Kept()];
      works[0]!.isHeld = true;
      works[1]!.failures = 2;
      const failures: string[] = [];
      const consumer = read(topic, works, {
        onFailure: (partition, error) => failures.push(`${partition} ${String(error)}`),
      });
      await topics.send(topic, 0, numbers(0, 500));
      await topics.send(topic, 1, numbers(0, 5));
      await until(() => works[1]!.position === 4);
      // The same failure is told once.
      expect([failures, [...consumer.troubles]]).toEqual([['1 Error: not now'], []]);
      await topics.send(topic, 0, numbers(500, 500));
      expect(works[0]!.values).toEqual([]);
      expect((await consumer.lag()).get(0)).toBe(1_000);
      works[0]!.isHeld = false;
      await until(() => works[0]!.position === 999);
      expect(works[0]!.values).toEqual(numbers(0, 1_000));
    },
    TEST_MS_MAX,
  );

  it(
    'goes on where retention has passed it while it was waiting, and says what is lost',
    async () => {
      const topic = await topics.make(1);
      const work = new Kept();
      const lost: number[] = [];
      await topics.send(topic, 0, numbers(0, 5));
      read(topic, [work], { onLost: (_partition, offsets) => lost.push(offsets) });
      await until(() => work.position === 4);
      work.isHeld = true;
      // Larger than what may wait: the rest is not read before it is gone.
      const large = Array.from({ length: 40 }, (_, index) => `${index}/`.padEnd(600_000, '.'));
      for (const value of large) await topics.send(topic, 0, [value]);
      await client.withAdmin(async (admin) => {
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '40' }] });
      });
      work.isHeld = false;
      await until(() => work.position === 44);
      const taken = work.offsets.filter((offset) => offset < 40).length;
      expect(lost).toEqual([40 - taken]);
      expect(new Set(work.offsets).size).toBe(work.offsets.length);
      expect(work.offsets).toEqual([...work.offsets].sort((left, right) => left - right));
    },
    TEST_MS_MAX,
  );

  it(
    'finishes what is in hand when it stops, and gives up what waits for something',
    async () => {
      const topic = await topics.make(1);
      const work = new Kept();
      work.isHeld = true;
      await topics.send(topic, 0, numbers(0, 3));
      const consumer = read(topic, [work]);
      await sleep(1_500);
      const startedMs = performance.now();
      await consumer.stop();
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      expect(work.position).toBeNull();
    },
    TEST_MS_MAX,
  );
});
