import type { MysqlSequence, RedisMappingStore, RedisRestore } from '@tessera/identity';
import { MAPPING_MARK, MAPPING_TOPIC, readMappingEntries } from '@tessera/ingest';
import { committedEnds, markEnds, readRange, topicStarts } from '@tessera/kafka';
import type { KafkaClient, TopicPositions } from '@tessera/kafka';

const CHECKPOINT_MS = 30_000;
const RENEW_MS = 2_000;
const NOWHERE: TopicPositions = new Map();

/** What is to be done about a Redis that does not answer because it lost something. */
export class IdentityKeeper {
  #underWay: Promise<void> | null = null;
  #checkpointMs = -Infinity;

  constructor(
    private readonly client: KafkaClient,
    private readonly store: RedisMappingStore,
    private readonly sequence: MysqlSequence,
    private readonly say: (line: string) => void,
    private readonly checkpointMs = CHECKPOINT_MS,
  ) {}

  /**
   * Fills a Redis that is new or was emptied from the mapping log, brings a restarted one up to date, and writes checkpoints of one that is in order. One at
   * a time, however often it is called; of several processes one.
   * @throws MappingStoreUnavailableError, also while another process is at it; KafkaFailure; Error if the log has lost what is needed.
   */
  keep(): Promise<void> {
    this.#underWay ??= this.#keep().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #keep(): Promise<void> {
    if ((await this.store.state()) === 'open') await this.#writeCheckpoint();
    else await this.#restore(await this.store.checkpoint());
  }

  /** Enters the whole mapping log and opens Redis; numbers then start above all that were ever used. @returns the entries read. */
  rebuild(): Promise<number> {
    return this.#restore(NOWHERE);
  }

  /** Everything that is committed now was in Redis before it was in the log. */
  async #writeCheckpoint(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#checkpointMs < this.checkpointMs) return;
    await this.store.setCheckpoint(await committedEnds(this.client, MAPPING_TOPIC));
    this.#checkpointMs = nowMs;
  }

  /** @returns the entries read. */
  async #restore(checkpoint: TopicPositions): Promise<number> {
    const from = await this.#checked(checkpoint);
    const restore = await this.store.restore(from.size === 0);
    const renewing = setInterval(() => {
      // If it was shut out, the next entry tells.
      restore.renew().catch(() => undefined);
    }, RENEW_MS);
    try {
      return await this.#enter(restore, from);
    } finally {
      clearInterval(renewing);
    }
  }

  /** @returns where to read from; none: from the beginning. @throws Error if that is not there any more. */
  async #checked(checkpoint: TopicPositions): Promise<TopicPositions> {
    const ends = await committedEnds(this.client, MAPPING_TOPIC);
    // Positions behind its end are those of another log of that name.
    const from = [...checkpoint].every(([partition, position]) => position <= (ends.get(partition) ?? 0))
      ? checkpoint
      : NOWHERE;
    for (const [partition, start] of await topicStarts(this.client, MAPPING_TOPIC)) {
      const first = from.get(partition) ?? 0;
      if (start <= first) continue;
      throw new Error(
        `Kafka partition ${partition} of ${MAPPING_TOPIC} begins at ${start}, but is needed from ${first}: records of it were deleted (retention must be off); ` +
          'put them back, or Redis from a backup: without them cuids would get second guids',
      );
    }
    return from;
  }

  /**
   * A transaction that was open when the restoration began may hold bindings that Redis has lost: its end is waited for. Transactions that begin later find
   * their bindings gone and are given up.
   */
  async #enter(restore: RedisRestore, from: TopicPositions): Promise<number> {
    this.say(
      from.size === 0
        ? 'Redis is filled from the mapping log'
        : 'Redis is brought up to date from its last checkpoint on',
    );
    const to = await markEnds(this.client, MAPPING_TOPIC, MAPPING_MARK);
    let entries = 0;
    let highest = 0;
    await readRange(this.client, MAPPING_TOPIC, { from, to }, async (_partition, records) => {
      const read = readMappingEntries(records);
      await restore.enter(read);
      entries += read.length;
      for (const { guid } of read) highest = Math.max(highest, guid);
    });
    await this.sequence.startAbove(highest);
    await restore.open();
    this.say(`Redis is open: ${entries.toLocaleString('en-US')} entries of the mapping log`);
    return entries;
  }
}
