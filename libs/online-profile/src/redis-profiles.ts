import type { ProfileReader, ProfileView } from '@tessera/audience';
import type { RedisConnection } from '@tessera/redis';
import { ProfilesUnavailableError } from '@tessera/tag-catalog';
import type {
  Guid,
  OnlineProfiles,
  ProfileLane,
  ProfilesState,
  SourceExtent,
  SourceOffsets,
  TagDefinition,
} from '@tessera/tag-catalog';
import { ByteWriter } from './byte-writer';
import { bucketOf, fieldOf, groupOfCuid, GROUPS, PLACE_BYTES } from './profile-place';
import { RedisProfileLane } from './redis-profile-lane';
import { RedisProfileView } from './redis-profile-view';
import * as scripts from './scripts';
import { settled } from './unavailable';

const PREFIX = 'tessera:profile:';
/** Users read by one script: Redis does nothing else meanwhile. */
const READ_USERS_MAX = 1_000;
const ERASED = Buffer.of(0);

export interface RedisProfilesOptions {
  /** Message ids remembered at most (`ID_MEMORY`), in equal parts by groups of users. */
  readonly idMemory: number;
  /** What all keys begin with. */
  readonly prefix?: string;
}

/** A user as identity knows it. */
interface BoundUser {
  readonly cuid: string;
  readonly guid: Guid;
}

/** Users of one group that are read together. */
interface Share {
  readonly key: string;
  readonly places: ByteWriter;
  readonly indexes: number[];
}

/** Profiles of single users in Redis 6.2 or newer, single or Cluster: docs/formats/redis-profiles.md. */
export class RedisProfiles implements OnlineProfiles, ProfileReader {
  readonly #keys: readonly string[];
  readonly #idsMax: number;

  constructor(
    private readonly redis: RedisConnection,
    options: RedisProfilesOptions,
  ) {
    const { idMemory, prefix = PREFIX } = options;
    this.#keys = Array.from({ length: GROUPS }, (_, group) => `{${prefix}${group}}`);
    this.#idsMax = Math.ceil(idMemory / GROUPS);
  }

  async openLane(source: string, extent: SourceExtent): Promise<ProfileLane> {
    const held = await this.#each((key) => this.redis.number(scripts.POSITION, key, [source]));
    const position = startOf(source, extent, held);
    return new RedisProfileLane(this.redis, { source, position, keys: this.#keys, held, idsMax: this.#idsMax });
  }

  async assume(offsets: SourceOffsets): Promise<void> {
    const positions = [...offsets].flatMap(([source, offset]) => [source, String(offset - 1)]);
    await this.#each((key) => this.redis.number(scripts.ASSUME, key, positions));
  }

  async state(): Promise<ProfilesState> {
    const answers = await this.#each((key) => this.redis.text(scripts.STATE, key, []));
    const parts = answers.map((answer) => answer.split(' '));
    const states = new Set(parts.map(([state]) => state));
    return {
      state: states.has('empty') ? 'empty' : states.has('behind') ? 'behind' : 'open',
      open: (committed) =>
        this.#open(
          parts.map(([, run = '']) => run),
          committed,
        ),
    };
  }

  async profiles(
    users: readonly BoundUser[],
    tags: Iterable<TagDefinition>,
  ): Promise<readonly (ProfileView | undefined)[]> {
    const shown = new Map([...tags].map((tag) => [tag.id, tag] as const));
    const views = new Array<ProfileView | undefined>(users.length).fill(undefined);
    const shares = this.#shareOut(users);
    const answers = await settled(
      shares.map(({ key, places }) => this.redis.manyBytes(scripts.READ, key, [places.written])),
    );
    shares.forEach(({ indexes }, place) => {
      indexes.forEach((index, at) => {
        const record = answers[place]?.[at] ?? null;
        const user = users[index]!;
        if (record !== null && !record.equals(ERASED)) {
          views[index] = new RedisProfileView(user.guid, user.cuid, record, shown);
        }
      });
    });
    return views;
  }

  async retired(users: readonly BoundUser[]): Promise<readonly Guid[]> {
    const shares = this.#shareOut(users);
    const answers = await settled(
      shares.map(({ key, places }) => this.redis.bytes(scripts.RETIRED, key, [places.written])),
    );
    return shares.flatMap(({ indexes }, place) =>
      indexes.flatMap((index, at) => (answers[place]?.[at] === 1 ? [users[index]!.guid] : [])),
    );
  }

  /** Message ids remembered now, those among them that count no more and will soon be forgotten included. */
  async rememberedIds(): Promise<number> {
    const counts = await this.#each((key) => this.redis.number(scripts.REMEMBERED, key, []));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #open(runs: readonly string[], committed: SourceOffsets): Promise<boolean> {
    const demands = [...committed].flatMap(([source, offset]) => [source, String(offset)]);
    const answers = await this.#each((key, group) => this.redis.number(scripts.OPEN, key, [runs[group]!, ...demands]));
    return answers.every((answer) => answer === 1);
  }

  /** One call for each group, all at once. @throws ProfilesUnavailableError */
  #each<T>(call: (key: string, group: number) => Promise<T>): Promise<readonly T[]> {
    return settled(this.#keys.map(call));
  }

  #shareOut(users: readonly BoundUser[]): readonly Share[] {
    const shares: Share[] = [];
    const filling = new Map<number, Share>();
    users.forEach(({ cuid, guid }, index) => {
      const group = groupOfCuid(cuid);
      let share = filling.get(group);
      if (share === undefined || share.places.length >= READ_USERS_MAX * PLACE_BYTES) {
        share = { key: this.#keys[group]!, places: new ByteWriter(), indexes: [] };
        filling.set(group, share);
        shares.push(share);
      }
      share.places.uint(bucketOf(guid), 4);
      share.places.uint(fieldOf(guid), 2);
      share.indexes.push(index);
    });
    return shares;
  }
}

/**
 * Where a lane begins to read.
 * @param held offset through which each group has everything; −1: nothing.
 */
function startOf(source: string, { committed, first, end }: SourceExtent, held: readonly number[]): number {
  const least = Math.min(...held) + 1;
  const most = Math.max(...held) + 1;
  if (most > end) {
    const detail = `Redis has applied ${source} up to ${most}, and it ends at ${end}: was the topic made anew?`;
    throw new ProfilesUnavailableError('ahead', detail);
  }
  if (least >= committed) return Math.max(committed, first);
  if (least < first) {
    const detail = `Redis has ${source} up to ${least} only, and Kafka holds it from ${first} on: restore the profiles`;
    throw new ProfilesUnavailableError('gone', detail);
  }
  return least;
}
