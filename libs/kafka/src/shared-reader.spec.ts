import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaServer } from '../../../test/support/services/kafka-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { seededRandom } from '../../../test/streams/seeded-random';
import { until } from '../../../test/support/until';
import type { KafkaClient } from './kafka-client';
import type { ReadRecord } from './records';
import type { SharedWork } from './shared-lane';
import { SharedReader } from './shared-reader';
import { SpecTopics } from './testing/spec-topics';
import type { PartitionExtent } from './topic-extents';
import type { TopicPartition } from './topic-partition';

const TEST_MS_MAX = 240_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Times that the group changes in the random run. */
const CHANGES = Number(process.env['SHARED_READER_CHANGES'] ?? 3);

const NOT_NOW = new Error('not now');

/** What becomes of the records of a topic, whoever is told them; as a store that takes each once. */
class Applied {
  readonly flaws: string[] = [];
  /** By partition: values, the place is the offset. */
  readonly values: string[][];

  constructor(partitions: number) {
    this.values = Array.from({ length: partitions }, () => []);
  }

  take(partition: number, offset: number, value: string): void {
    const values = this.values[partition] ?? [];
    if (offset > values.length) this.flaws.push(`${partition}: ${offset} comes before ${values.length}`);
    else if (offset === values.length) values.push(value);
    else if (values[offset] !== value) this.flaws.push(`${partition}: ${offset} is ${value} now`);
  }
}

/** Work of one reader on a partition, from one begin to its end. */
class Work implements SharedWork {
  /** Offsets, as they came. */
  readonly told: number[] = [];
  isBeginning = false;
  hasBegun = false;
  hasEnded = false;
  #next = 0;
  #inHand = 0;

  constructor(
    readonly partition: number,
    private readonly place: Place,
  ) {}

  async begin({ committed }: PartitionExtent): Promise<number> {
    const { place, partition } = this;
    const others = place.works.filter((work) => work !== this && work.partition === partition);
    if (others.some((work) => work.isBeginning)) place.applied.flaws.push(`${partition} is begun twice at a time`);
    if (others.some((work) => work.hasBegun && !work.hasEnded)) {
      place.applied.flaws.push(`${partition} is begun beside work that has not ended`);
    }
    this.isBeginning = true;
    try {
      await place.untilBegun(partition);
    } finally {
      this.isBeginning = false;
    }
    this.hasBegun = true;
    this.#next = committed;
    return committed;
  }

  async process(records: readonly ReadRecord[]): Promise<void> {
    const { partition, place } = this;
    const { flaws } = place.applied;
    if (this.hasEnded || !this.hasBegun) flaws.push(`${partition} is told beside its work`);
    if (this.#inHand++ > 0) flaws.push(`${partition} is told twice at a time`);
    for (const { offset, value } of records) {
      if (offset !== this.#next) flaws.push(`${partition}: ${offset} instead of ${this.#next}`);
      this.#next = offset + 1;
      this.told.push(offset);
      place.applied.take(partition, offset, String(value));
    }
    await sleep(1);
    this.#inHand--;
  }

  settle(nextOffset: number): Promise<number> {
    if (nextOffset > this.#next) this.place.applied.flaws.push(`${this.partition}: ${nextOffset} is not done`);
    return Promise.resolve(nextOffset);
  }

  end(): void {
    this.hasEnded = true;
  }
}

/** All works of one reader. */
class Place {
  readonly works: Work[] = [];

  constructor(
    readonly applied: Applied,
    /** How long it takes to begin. */
    readonly untilBegun: (partition: number) => Promise<unknown>,
  ) {}

  workOf({ partition }: TopicPartition): Work {
    const work = new Work(partition, this);
    this.works.push(work);
    return work;
  }

  told(partition: number): readonly (readonly number[])[] {
    return this.works.filter((work) => work.partition === partition).map((work) => work.told);
  }
}

/** Passes once `go` is called. */
function gateOf(): { readonly gate: Promise<void>; readonly go: () => void } {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  return { gate, go };
}

describeWithServer(`SharedReader, while partitions are begun (SEED=${SEED})`, KafkaServer, (kafka) => {
  let topics: SpecTopics;
  let client: KafkaClient;
  const running: SharedReader[] = [];

  beforeAll(() => {
    topics = new SpecTopics(kafka().broker, 'shared');
    ({ client } = topics);
  });

  afterEach(async () => {
    for (const reader of running.splice(0)) await reader.stop();
  });

  function read(topic: string, place: Place): SharedReader {
    const reader = new SharedReader({
      ...{ client, groupId: `group-${topic}`, workOf: (where) => place.workOf(where) },
      ...{ batch: { records: 10, bytes: 10_000, ageMs: 0 }, waitingBytesMax: 1_000_000, commitMs: 100 },
      onCommit: () => undefined,
      onFailure: (where, error) => {
        // What is said of all of them is a rebalance, say.
        if (where !== null && error !== NOT_NOW) place.applied.flaws.push(`${where.partition} fails: ${String(error)}`);
      },
      onLost: (where, offsets) => place.applied.flaws.push(`${where.partition} has lost ${offsets}`),
    });
    reader.read(new Set([topic]));
    reader.start();
    running.push(reader);
    return reader;
  }

  /** Until all members of the group have what they were given. */
  async function members(topic: string, count: number): Promise<void> {
    await until(() =>
      client.withAdmin(async (admin) => {
        const { groups } = await admin.describeGroups([`group-${topic}`]);
        return groups[0]?.state === 'Stable' && groups[0].members.length === count;
      }),
    );
    await sleep(500);
  }

  function send(topic: string, partition: number, from: number, count: number): Promise<void> {
    return topics.send(topic, partition, numbers(from, count).map(String));
  }

  const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

  it(
    'leaves what was begun for an assignment that is over, and begins once more, after it',
    async () => {
      const topic = await topics.make(2);
      for (const partition of [0, 1]) await send(topic, partition, 0, 10);
      const applied = new Applied(2);
      const { gate, go } = gateOf();
      const here = new Place(applied, () => gate);
      read(topic, here);
      await until(() => here.works.length === 2);
      const gone = new Set<number>();
      // Each time one of the two goes there, and comes back.
      for (let times = 0; times < 2; times++) {
        const there = new Place(applied, () => new Promise(() => undefined));
        const other = read(topic, there);
        await until(() => there.works.length === 1);
        for (const { partition } of there.works) gone.add(partition);
        await other.stop();
        await members(topic, 1);
      }
      expect(here.works.map(({ told }) => told.length)).toEqual([0, 0]);
      go();
      await until(() => applied.values.every((values) => values.length === 10));
      await sleep(500);
      for (const partition of [0, 1]) {
        const expected = gone.has(partition) ? [[], numbers(0, 10)] : [numbers(0, 10)];
        expect(here.told(partition)).toEqual(expected);
      }
      expect(here.works.filter(({ hasEnded }) => hasEnded).map(({ told }) => told)).toEqual([...gone].map(() => []));
      expect(applied.flaws).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it(
    'tells nothing of a partition that went to somebody else while it was begun, before it comes back',
    async () => {
      const topic = await topics.make(2);
      for (const partition of [0, 1]) await send(topic, partition, 0, 10);
      const applied = new Applied(2);
      const { gate, go } = gateOf();
      const [here, there] = [new Place(applied, () => gate), new Place(applied, () => Promise.resolve())];
      read(topic, here);
      await until(() => here.works.length === 2);
      const other = read(topic, there);
      await until(() => there.works[0]?.told.length === 10);
      const away = there.works[0]?.partition ?? -1;
      go();
      await until(() => applied.values.every((values) => values.length === 10));
      await send(topic, away, 10, 5);
      await until(() => applied.values[away]?.length === 15);
      expect(there.works.map(({ partition, told }) => [partition, told])).toEqual([[away, numbers(0, 15)]]);
      expect(here.told(away)).toEqual([[]]);
      expect(here.told(1 - away)).toEqual([numbers(0, 10)]);
      await other.stop();
      await send(topic, away, 15, 5);
      await until(() => applied.values[away]?.length === 20);
      // From where the other one has committed.
      expect(here.told(away)).toEqual([[], numbers(15, 5)]);
      expect(here.told(1 - away)).toEqual([numbers(0, 10)]);
      expect(applied.flaws).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it(
    'loses and repeats nothing while others come and go and beginning takes its time',
    async () => {
      const random = seededRandom(SEED);
      const partitions = 5;
      const topic = await topics.make(partitions);
      const applied = new Applied(partitions);
      const place = (): Place =>
        new Place(applied, async () => {
          await sleep(random(3) === 0 ? 0 : random(2_500));
          if (random(6) === 0) throw NOT_NOW;
        });
      const sent = Array.from({ length: partitions }, () => 0);
      const over = new AbortController();
      const sending = (async () => {
        const producer = client.producer();
        await producer.connect();
        while (!over.signal.aborted) {
          const partition = random(partitions);
          const from = sent[partition] ?? 0;
          const messages = numbers(from, 1 + random(5)).map((number) => ({ partition, value: String(number) }));
          sent[partition] = from + messages.length;
          await producer.send({ topic, messages });
          await sleep(random(40));
        }
        await producer.disconnect();
      })();
      const places = [place()];
      read(topic, places[0]!);
      for (let change = 0; change < CHANGES; change++) {
        const some: SharedReader[] = [];
        for (let count = 1 + random(2); count > 0; count--) {
          places.push(place());
          some.push(read(topic, places.at(-1)!));
          await sleep(random(2_000));
        }
        await sleep(random(4_000));
        for (const reader of some) {
          await reader.stop();
          await sleep(random(1_500));
        }
      }
      over.abort();
      await sending;
      await until(() => applied.values.every((values, partition) => values.length === sent[partition]));
      expect(applied.flaws).toEqual([]);
      expect(applied.values).toEqual(sent.map((count) => numbers(0, count).map(String)));
      // Somebody has begun for nothing, or the run says little.
      const works = places.flatMap((one) => one.works);
      expect(works.length).toBeGreaterThan(partitions);
      await until(async () => {
        const committed = await client.withAdmin((admin) =>
          admin.fetchOffsets({ groupId: `group-${topic}`, topics: [topic] }),
        );
        const offsets = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        return sent.every((count, partition) => count === 0 || offsets.get(partition) === count);
      });
    },
    TEST_MS_MAX,
  );
});
