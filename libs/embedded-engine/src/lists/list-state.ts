import { deserializeBitmap, RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import { localOf, shardOf, SHARD_SIZE } from '../shard';
import { ByteReader, ByteWriter } from '../storage/bytes';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';

/** One uploaded list of users. */
export class ListState extends Chunk {
  /** The members as local positions, by shard. */
  readonly #shards: RoaringBitmap32[] = [];

  constructor(
    readonly id: string,
    readonly name: string,
    readonly createdAt: string,
    guids: RoaringBitmap32,
    tracker: ChunkTracker,
  ) {
    super(`${ListState.keyPrefix}${id}`, tracker);
    const members = guids.toUint32Array();
    for (let start = 0; start < members.length;) {
      const shard = shardOf(members[start]!);
      let end = start;
      while (end < members.length && shardOf(members[end]!) === shard) {
        end++;
      }
      this.#shards[shard] = new RoaringBitmap32(members.subarray(start, end).map(localOf));
      start = end;
    }
  }

  static readonly keyPrefix = 'l/';

  get size(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.size, 0);
  }

  get bytes(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.getSerializationSizeInBytes('portable'), 0);
  }

  get shardCount(): number {
    return this.#shards.length;
  }

  /** Members in one shard; not to be changed. Undefined: none. */
  shard(shard: number): RoaringBitmap32 | undefined {
    return this.#shards[shard];
  }

  has(guid: number): boolean {
    return this.#shards[shardOf(guid)]?.has(localOf(guid)) ?? false;
  }

  remove(guid: number): void {
    if (this.has(guid)) {
      this.beforeWrite();
      this.#shards[shardOf(guid)]?.remove(localOf(guid));
    }
  }

  serialize(): Buffer {
    const writer = new ByteWriter();
    writer.text(this.id);
    writer.text(this.name);
    writer.text(this.createdAt);
    const guids = new RoaringBitmap32();
    this.#shards.forEach((members, shard) => {
      guids.orInPlace(RoaringBitmap32.addOffset(members, shard * SHARD_SIZE));
    });
    writer.block(serializeBitmap(guids));
    return writer.finish();
  }

  static load(bytes: Buffer, tracker: ChunkTracker): ListState {
    const reader = new ByteReader(bytes);
    const id = reader.text();
    const name = reader.text();
    const createdAt = reader.text();
    return new ListState(id, name, createdAt, deserializeBitmap(reader.block()), tracker);
  }
}
