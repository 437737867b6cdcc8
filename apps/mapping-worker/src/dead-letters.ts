import { codeOfLetter, DEAD_TOPIC, originOfLetter, recordOfLetter } from '@tessera/ingest';
import { committedEnds, committedOffsets, PartitionTransaction, readToEnd } from '@tessera/kafka';
import type { KafkaClient, ReadRecord } from '@tessera/kafka';

/** Keeps how far letters were replayed. */
const GROUP = 'tessera-dead-letters';
const RECORDS_A_COMMIT = 1_000;

export interface LetterCounts {
  /** By code. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Of them: they were cut. */
  readonly cut: number;
}

/** Letters that came since the last replay. */
export async function countLetters(client: KafkaClient): Promise<LetterCounts> {
  const from = await committedOffsets(client, GROUP, DEAD_TOPIC);
  const waiting = new Map<string, number>();
  let cut = 0;
  // Counted as they come: there may be more than memory holds.
  await readToEnd(client, DEAD_TOPIC, (partition, letters) => {
    for (const letter of letters) {
      if (letter.offset < (from.get(partition) ?? 0)) continue;
      const code = codeOfLetter(letter);
      waiting.set(code, (waiting.get(code) ?? 0) + 1);
      if (recordOfLetter(letter) === null) cut++;
    }
  });
  return { waiting, cut };
}

/** What a replay did, in letters. */
export interface Replay {
  readonly replayed: number;
  /** They were cut. */
  readonly passedOver: number;
  /** Others of the same record were replayed: whoever wrote them died before it knew that they were there. */
  readonly repeats: number;
}

/**
 * Writes the records of all letters that came since the last replay to the topics where they were read, each record once: those of a run that broke off
 * are not written again, nor those of which an earlier letter was replayed. Letters that were cut are passed over.
 */
export async function replayLetters(client: KafkaClient): Promise<Replay> {
  const replay = { replayed: 0, passedOver: 0, repeats: 0 };
  const before = await committedOffsets(client, GROUP, DEAD_TOPIC);
  for (const [partition, end] of await committedEnds(client, DEAD_TOPIC)) {
    if (end <= (before.get(partition) ?? 0)) continue;
    const transaction = await PartitionTransaction.open(client, `${GROUP}/${DEAD_TOPIC}/${partition}`);
    try {
      // Not before: another run may have gone on until this one had the id.
      const { letters, replayedOrigins } = await readLetters(client, partition);
      for (let start = 0; start < letters.length; start += RECORDS_A_COMMIT) {
        const some = letters.slice(start, start + RECORDS_A_COMMIT);
        const records = some.flatMap((letter) => {
          const record = recordOfLetter(letter);
          if (record === null) replay.passedOver++;
          else if (replayedOrigins.has(originOfLetter(letter))) replay.repeats++;
          else {
            replayedOrigins.add(originOfLetter(letter));
            return [record];
          }
          return [];
        });
        await transaction.write(records);
        const nextOffset = (some.at(-1)?.offset ?? 0) + 1;
        await transaction.commit({ groupId: GROUP, topic: DEAD_TOPIC, partition, nextOffset });
        replay.replayed += records.length;
      }
    } finally {
      await transaction.close();
    }
  }
  return replay;
}

interface Letters {
  /** Of the partition: those that came since the last replay. */
  readonly letters: readonly ReadRecord[];
  /** Of those before them, in all partitions, that could be replayed. */
  readonly replayedOrigins: Set<string>;
}

async function readLetters(client: KafkaClient, ofPartition: number): Promise<Letters> {
  const from = await committedOffsets(client, GROUP, DEAD_TOPIC);
  const waiting: ReadRecord[] = [];
  const replayedOrigins = new Set<string>();
  await readToEnd(client, DEAD_TOPIC, (partition, letters) => {
    for (const letter of letters) {
      if (letter.offset >= (from.get(partition) ?? 0)) {
        if (partition === ofPartition) waiting.push(letter);
      } else if (recordOfLetter(letter) !== null) {
        replayedOrigins.add(originOfLetter(letter));
      }
    }
  });
  return { letters: waiting, replayedOrigins };
}
