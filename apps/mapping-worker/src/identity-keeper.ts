import type { MysqlSequence, RedisMappingStore } from '@tessera/identity';
import { MAPPING_MARK, MAPPING_TOPIC, readMappingEntries } from '@tessera/ingest';
import { isTopicEmpty, markEnds, readTo } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';

/** What is to be done about a Redis that does not answer because it lost something. */
export class IdentityKeeper {
  #underWay: Promise<void> | null = null;

  constructor(
    private readonly client: KafkaClient,
    private readonly store: RedisMappingStore,
    private readonly sequence: MysqlSequence,
    private readonly say: (line: string) => void,
  ) {}

  /**
   * Brings a restarted Redis up to date with the mapping log, and opens a new one while the log is empty. One that was emptied is left to
   * `identity rebuild`: it takes long, and somebody should know. One at a time, however often it is called.
   */
  keep(): Promise<void> {
    this.#underWay ??= this.#keep().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #keep(): Promise<void> {
    const state = await this.store.state();
    if (state === 'open') return;
    if (state === 'behind') {
      this.say('Redis was restarted: entering what the mapping log says');
      await this.rebuild();
      return;
    }
    if (await isTopicEmpty(this.client, MAPPING_TOPIC)) await this.rebuild();
  }

  /**
   * Enters the whole mapping log and opens Redis; numbers then start above all that were ever used. A transaction that was open when it began may hold
   * bindings that Redis has lost: its end is waited for. Transactions that begin later find their bindings gone and are given up.
   * @returns the entries read.
   */
  async rebuild(): Promise<number> {
    const restore = await this.store.restore();
    let entries = 0;
    let highest = 0;
    // After the restoration has begun, see above.
    const ends = await markEnds(this.client, MAPPING_TOPIC, MAPPING_MARK);
    await readTo(this.client, MAPPING_TOPIC, ends, async (_partition, records) => {
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
