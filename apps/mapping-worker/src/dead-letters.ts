import { codeOfLetter, DEAD_TOPIC, originOfLetter, recordOfLetter } from '@tessera/ingest';
import { committedOffsets, PartitionTransaction, readToEnd } from '@tessera/kafka';
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
  const waiting = new Map<string, number>();
  let cut = 0;
  for (const letters of (await readLetters(client)).waiting.values()) {
    for (const letter of letters) {
      const code = codeOfLetter(letter);
      waiting.set(code, (waiting.get(code) ?? 0) + 1);
      if (recordOfLetter(letter) === null) cut++;
    }
  }
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
  for (const partition of (await readLetters(client)).waiting.keys()) {
    const transaction = await PartitionTransaction.open(client, `${GROUP}/${DEAD_TOPIC}/${partition}`);
    try {
      // Again: another run may have gone on until this one had the id.
      const { waiting, replayedOrigins } = await readLetters(client);
      const letters = waiting.get(partition) ?? [];
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
  /** By partition: those that came since the last replay. */
  readonly waiting: ReadonlyMap<number, readonly ReadRecord[]>;
  /** Of those before them that could be replayed. */
  readonly replayedOrigins: Set<string>;
}

async function readLetters(client: KafkaClient): Promise<Letters> {
  const from = await committedOffsets(client, GROUP, DEAD_TOPIC);
  const waiting = new Map<number, ReadRecord[]>();
  const replayedOrigins = new Set<string>();
  await readToEnd(client, DEAD_TOPIC, (partition, letters) => {
    for (const letter of letters) {
      if (letter.offset >= (from.get(partition) ?? 0)) {
        const some = waiting.get(partition);
        if (some === undefined) waiting.set(partition, [letter]);
        else some.push(letter);
      } else if (recordOfLetter(letter) !== null) {
        replayedOrigins.add(originOfLetter(letter));
      }
    }
  });
  return { waiting, replayedOrigins };
}
