import { codeOfLetter, DEAD_TOPIC, recordOfLetter } from '@tessera/ingest';
import { committedOffsets, PartitionTransaction, readToEnd } from '@tessera/kafka';
import type { KafkaClient, NewRecord, ReadRecord } from '@tessera/kafka';

/** Keeps how far letters were replayed. */
const GROUP = 'tessera-dead-letters';
const RECORDS_A_COMMIT = 1_000;

export interface LetterCounts {
  /** By code. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Of them: their values were cut. */
  readonly cut: number;
}

/** Letters that came since the last replay. */
export async function countLetters(client: KafkaClient): Promise<LetterCounts> {
  const waiting = new Map<string, number>();
  let cut = 0;
  for (const letters of (await readWaiting(client)).values()) {
    for (const letter of letters) {
      const code = codeOfLetter(letter);
      waiting.set(code, (waiting.get(code) ?? 0) + 1);
      if (recordOfLetter(letter) === null) cut++;
    }
  }
  return { waiting, cut };
}

/**
 * Writes the records of all letters that came since the last replay to the topics where they were read, each once: those of a run that broke off
 * are not written again. Letters whose values were cut are passed over.
 * @returns how many were written, and how many were passed over.
 */
export async function replayLetters(
  client: KafkaClient,
): Promise<{ readonly replayed: number; readonly passedOver: number }> {
  let replayed = 0;
  let passedOver = 0;
  for (const partition of (await readWaiting(client)).keys()) {
    const transaction = await PartitionTransaction.open(client, `${GROUP}/${DEAD_TOPIC}/${partition}`);
    try {
      // Again: another run may have gone on until this one had the id.
      const letters = (await readWaiting(client)).get(partition) ?? [];
      for (let start = 0; start < letters.length; start += RECORDS_A_COMMIT) {
        const some = letters.slice(start, start + RECORDS_A_COMMIT);
        const records = some.map(recordOfLetter).filter((record): record is NewRecord => record !== null);
        await transaction.write(records);
        const nextOffset = (some.at(-1)?.offset ?? 0) + 1;
        await transaction.commit({ groupId: GROUP, topic: DEAD_TOPIC, partition, nextOffset });
        replayed += records.length;
        passedOver += some.length - records.length;
      }
    } finally {
      await transaction.close();
    }
  }
  return { replayed, passedOver };
}

async function readWaiting(client: KafkaClient): Promise<ReadonlyMap<number, readonly ReadRecord[]>> {
  const from = await committedOffsets(client, GROUP, DEAD_TOPIC);
  const waiting = new Map<number, ReadRecord[]>();
  await readToEnd(client, DEAD_TOPIC, (partition, records) => {
    const fresh = records.filter(({ offset }) => offset >= (from.get(partition) ?? 0));
    if (fresh.length > 0) waiting.set(partition, [...(waiting.get(partition) ?? []), ...fresh]);
  });
  return waiting;
}
