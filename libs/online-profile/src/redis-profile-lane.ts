import type { RedisConnection } from '@tessera/redis';
import { groupOf } from '@tessera/redis';
import { ProfilesUnavailableError } from '@tessera/tag-catalog';
import type { ProfileEntry, ProfileLane, ProfileOutcome } from '@tessera/tag-catalog';
import { ByteWriter } from './byte-writer';
import { packEntry } from './pack-entries';
import { groupOfCuid } from './profile-place';
import { OutcomeReader } from './read-outcomes';
import { APPLY } from './scripts';
import { settled } from './unavailable';

const NOTHING = Buffer.alloc(0);

/** Entries of one group, and where they stand among those of the call. */
interface Share {
  readonly group: number;
  readonly writer: ByteWriter;
  readonly indexes: number[];
}

export interface LaneOptions {
  readonly source: string;
  readonly position: number;
  /** Key of each group. */
  readonly keys: readonly string[];
  /** Offset of the source through which each group has everything. */
  readonly held: readonly number[];
  /** Most ids that a group remembers. */
  readonly idsMax: number;
}

/**
 * One source's way into Redis. Each group is told with every call from where to where it is brought, and refuses if it is not
 * there yet: so nothing is left out when calls are under way together and one fails, and writes that Redis lost are noticed.
 */
export class RedisProfileLane implements ProfileLane {
  readonly position: number;
  /** Through which offset each group has been brought, calls under way included. */
  readonly #told: number[];
  /** 2 bytes that tell this source from others in the memory of ids. */
  readonly #mark: Buffer;
  #through: number;
  #failure: ProfilesUnavailableError | null = null;

  constructor(
    private readonly redis: RedisConnection,
    private readonly options: LaneOptions,
  ) {
    this.position = options.position;
    this.#through = options.position - 1;
    this.#told = [...options.held];
    this.#mark = Buffer.alloc(2);
    this.#mark.writeUInt16BE(groupOf(Buffer.from(options.source), 0x10000));
  }

  /** Everything is sent before this function waits, so calls reach a group in the order in which they were made. */
  async apply(entries: readonly ProfileEntry[], through: number): Promise<readonly ProfileOutcome[]> {
    this.#demandOrder(entries, through);
    this.#demandSound();
    const shares = shareOut(entries);
    this.#through = through;
    const answers = await this.#all(shares.map(({ group, writer }) => this.#bring(group, writer.written)));
    const outcomes = new Array<ProfileOutcome>(entries.length);
    shares.forEach(({ indexes }, place) => {
      const reader = new OutcomeReader(answers[place]!);
      for (const index of indexes) outcomes[index] = reader.next(entries[index]!);
    });
    return outcomes;
  }

  async settle(): Promise<void> {
    this.#demandSound();
    await this.#all(this.#told.map((_, group) => this.#bring(group, NOTHING)));
  }

  #bring(group: number, data: Buffer): Promise<Buffer> {
    const { source, keys, idsMax } = this.options;
    const after = this.#told[group]!;
    const through = Math.max(after, this.#through);
    this.#told[group] = through;
    return this.redis.bytes(APPLY, keys[group]!, [
      source,
      String(after),
      String(through),
      this.#mark,
      String(idsMax),
      data,
    ]);
  }

  async #all(calls: readonly Promise<Buffer>[]): Promise<readonly Buffer[]> {
    try {
      return await settled(calls);
    } catch (error) {
      if (error instanceof ProfilesUnavailableError) this.#failure ??= error;
      throw error;
    }
  }

  #demandSound(): void {
    if (this.#failure === null) return;
    throw new ProfilesUnavailableError(
      'lost',
      `This lane has failed (${this.#failure.message}): open it anew`,
      this.#failure,
    );
  }

  #demandOrder(entries: readonly ProfileEntry[], through: number): void {
    let last = this.#through;
    for (const { offset } of entries) {
      if (offset <= last) throw new RangeError(`Offset ${offset} of ${this.options.source} comes after ${last}.`);
      last = offset;
    }
    if (through < last) throw new RangeError(`A batch through ${through} of ${this.options.source} holds ${last}.`);
  }
}

function shareOut(entries: readonly ProfileEntry[]): readonly Share[] {
  const shares = new Map<number, Share>();
  entries.forEach((entry, index) => {
    const group = groupOfCuid(entry.cuid);
    let share = shares.get(group);
    if (share === undefined) {
      share = { group, writer: new ByteWriter(), indexes: [] };
      shares.set(group, share);
    }
    packEntry(share.writer, entry);
    share.indexes.push(index);
  });
  return [...shares.values()];
}
