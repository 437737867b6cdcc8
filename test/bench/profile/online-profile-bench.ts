import { RedisProfiles } from '@tessera/online-profile';
import { RedisConnection } from '@tessera/redis';
import type { Guid, ProfileEntry, ProfileLane } from '@tessera/tag-catalog';
import type { Redis } from 'ioredis';
import { Random } from '../../../apps/standalone/src/sample/random';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { InFlight } from '../measure/in-flight';
import { rate } from '../measure/pauses';
import { RedisPeer } from '../peers/redis-peer';
import { ProfileUsers } from './profile-users';

export const onlineProfileBench: Bench = {
  name: 'online-profile',
  title: 'Profiles of single users in Redis: memory a user, messages decided and written, batches read',
  peers: ['one hash a user with JSON values (HSET, HMGET)'],
  users: { full: 1_000_000, short: 20_000 },
  run: runOnlineProfileBench,
};

const BATCH = 1_000;
const BATCHES_IN_FLIGHT = 4;
/** As many Kafka partitions; a user's messages are all in one. */
const LANES = 4;
const ASKED_FULL = 1_000_000;
const ASKED_SHORT = 20_000;
const ID_MEMORY = 1_000_000;

interface Sizes {
  readonly users: number;
  readonly asked: number;
  readonly seed: number;
}

/** Places of users whose messages come together, of one Kafka partition. */
interface Batch {
  readonly lane: number;
  readonly places: readonly number[];
}

/** A way of keeping profiles. */
interface Keeper {
  /** Applies the given round's message of each user. */
  write(batch: Batch, round: number): Promise<void>;
  /** Values and times of the five tags of each user, in order, as one text each. */
  read(places: readonly number[]): Promise<readonly string[]>;
}

interface Rates {
  readonly bytes: number;
  readonly first: number;
  readonly later: number;
  readonly reads: number;
}

async function runOnlineProfileBench({ users, seed, isShort, folder, report }: BenchContext): Promise<void> {
  const redis = await RedisPeer.start(folder);
  if (typeof redis === 'string') {
    report.note(`Left out: ${redis}`);
    return;
  }
  const connection = await RedisConnection.open([redis.socket]);
  try {
    await connection.ready();
    report.note(`Redis ${await redis.version()} on a Unix socket, keeping nothing on disk`);
    report.note(`cuids of 32 random hex digits; batches of ${BATCH}, ${BATCHES_IN_FLIGHT} in flight, ${LANES} sources`);
    const sizes = { users, seed, asked: isShort ? ASKED_SHORT : ASKED_FULL };
    const people = new ProfileUsers(seed);
    const own = await measure('', redis.client, await OwnKeeper.open(connection, people), sizes, report);
    await redis.client.flushall();
    const plain = await measure('plain hashes: ', redis.client, new PlainKeeper(redis.client, people), sizes, report);
    report.check(
      'users whose tags differ',
      own.answers.filter((text, index) => text !== plain.answers[index]).length,
      0,
    );
    report.figure({ name: 'memory / plain hashes', value: own.bytes / plain.bytes, unit: '×' });
    report.figure({ name: 'first messages / plain hashes', value: own.first / plain.first, unit: '×' });
    report.figure({ name: 'later messages / plain hashes', value: own.later / plain.later, unit: '×' });
    report.figure({ name: 'reads / plain hashes', value: own.reads / plain.reads, unit: '×' });
  } finally {
    connection.close();
    await redis.stop();
  }
}

async function measure(
  name: string,
  client: Redis,
  keeper: Keeper,
  sizes: Sizes,
  report: Report,
): Promise<Rates & { readonly answers: readonly string[] }> {
  const before = await memoryOf(client);
  const first = await eachBatch(firstBatches(sizes), (batch) => keeper.write(batch, 0));
  const bytes = ((await memoryOf(client)) - before) / sizes.users;
  let round = 0;
  const later = await eachBatch(laterBatches(sizes), (batch) => keeper.write(batch, (round += 1)));
  const answers = new Map<number, readonly string[]>();
  let number = 0;
  const reads = await eachBatch(readBatches(sizes), async ({ places }) => {
    const own = number++;
    answers.set(own, await keeper.read(places));
  });
  report.figure({ name: `${name}memory a user of five tags`, value: bytes, unit: 'bytes' });
  report.figure({ name: `${name}first messages, five tags`, value: first, unit: 'messages/s' });
  report.figure({ name: `${name}later messages, two tags`, value: later, unit: 'messages/s' });
  report.figure({ name: `${name}users read, five tags with times`, value: reads, unit: 'users/s' });
  const inOrder = [...answers].sort(([left], [right]) => left - right).flatMap(([, texts]) => texts);
  return { bytes, first, later, reads, answers: inOrder };
}

class OwnKeeper implements Keeper {
  readonly #next: number[];

  private constructor(
    private readonly profiles: RedisProfiles,
    private readonly lanes: readonly ProfileLane[],
    private readonly people: ProfileUsers,
  ) {
    this.#next = lanes.map(() => 0);
  }

  static async open(connection: RedisConnection, people: ProfileUsers): Promise<OwnKeeper> {
    const profiles = new RedisProfiles(connection, { idMemory: ID_MEMORY });
    await (await profiles.state()).open(new Map());
    const sources = Array.from({ length: LANES }, (_, lane) => `tags.customer/${lane}`);
    return new OwnKeeper(
      profiles,
      await Promise.all(sources.map((source) => profiles.openLane(source, { committed: 0, first: 0, end: 0 }))),
      people,
    );
  }

  async write({ lane, places }: Batch, round: number): Promise<void> {
    const start = this.#next[lane]!;
    this.#next[lane] = start + places.length;
    const entries = places.map((place, index): ProfileEntry => {
      const content = this.people.message(place, round);
      const { cuid, timeMs } = content;
      return { offset: start + index, cuid, guid: (place + 1) as Guid, arrivalMs: timeMs, content };
    });
    for (const { verdict } of await this.lanes[lane]!.apply(entries, start + places.length - 1)) {
      if (verdict !== 'accepted') throw new Error(`A message was not accepted: ${JSON.stringify(verdict)}`);
    }
  }

  async read(places: readonly number[]): Promise<readonly string[]> {
    const { tags } = this.people;
    const asked = places.map((place) => ({ cuid: this.people.cuid(place), guid: (place + 1) as Guid }));
    const views = await this.profiles.profiles(asked, tags);
    return views.map((view) => textOf(tags.map((tag) => [view?.tagValue(tag)?.value, view?.tagValue(tag)?.timeMs])));
  }
}

/** What one would write without any of this: nothing is decided, the last write stays. */
class PlainKeeper implements Keeper {
  constructor(
    private readonly client: Redis,
    private readonly people: ProfileUsers,
  ) {}

  async write({ places }: Batch, round: number): Promise<void> {
    const pipeline = this.client.pipeline();
    for (const place of places) {
      const { cuid, timeMs, fields } = this.people.message(place, round);
      const pairs = fields.flatMap((write) => [
        write.field.name,
        JSON.stringify({ v: write.op === 'set' ? write.value : null, t: timeMs }),
      ]);
      pipeline.hset(`user:${cuid}`, ...pairs);
    }
    await pipeline.exec();
  }

  async read(places: readonly number[]): Promise<readonly string[]> {
    const names = this.people.tags.map(({ name }) => name);
    const pipeline = this.client.pipeline();
    for (const place of places) pipeline.hmget(`user:${this.people.cuid(place)}`, ...names);
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([, values]) => {
      const tags = (values as (string | null)[]).map((text) => JSON.parse(text ?? '{}') as { v?: unknown; t?: number });
      return textOf(tags.map(({ v, t }) => [v, t]));
    });
  }
}

function textOf(tags: readonly (readonly [unknown, unknown])[]): string {
  return JSON.stringify(tags);
}

async function memoryOf(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

/** Every user once; those of a lane are every fourth one. */
function* firstBatches({ users }: Sizes): Generator<Batch> {
  for (let first = 0; first < users; first += BATCH * LANES) {
    for (let lane = 0; lane < LANES; lane += 1) {
      const places = Array.from({ length: BATCH }, (_, index) => first + index * LANES + lane);
      yield { lane, places: places.filter((place) => place < users) };
    }
  }
}

function* laterBatches({ users, asked, seed }: Sizes): Generator<Batch> {
  const random = new Random(seed, 31);
  const ofLane = Math.floor(users / LANES) - 1;
  for (let done = 0; done < asked; done += BATCH) {
    const lane = (done / BATCH) % LANES;
    yield { lane, places: Array.from({ length: BATCH }, () => random.between(0, ofLane) * LANES + lane) };
  }
}

function* readBatches({ users, asked, seed }: Sizes): Generator<Batch> {
  const random = new Random(seed, 32);
  for (let done = 0; done < asked; done += BATCH) {
    yield { lane: 0, places: Array.from({ length: BATCH }, () => random.between(0, users - 1)) };
  }
}

/** @returns users a second, the making of their messages and the reading of answers included, for everybody alike. */
async function eachBatch(batches: Iterable<Batch>, work: (batch: Batch) => Promise<void>): Promise<number> {
  const flight = new InFlight(BATCHES_IN_FLIGHT);
  const startedMs = performance.now();
  let done = 0;
  for (const batch of batches) {
    done += batch.places.length;
    await flight.start(() => work(batch));
  }
  await flight.settle();
  return rate(done, performance.now() - startedMs);
}
