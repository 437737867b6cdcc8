import { ERASE_TYPE, MAPPING_TOPIC, RAW_TOPIC, readMappingEntries } from '@tessera/ingest';
import { committedEnds, positionsAt, readRange } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';

const SEND_BATCH = 1_000;

/**
 * cuids that have a guid now which they did not have at an instant, in the order in which they were bound. Reads the mapping log twice; holds those
 * cuids in memory, and no others.
 * @param toMs the instant, ms since the epoch.
 * @throws KafkaFailure, Error for a record that is none of the log.
 */
export async function findBoundSince(client: KafkaClient, toMs: number): Promise<readonly string[]> {
  const since = await positionsAt(client, MAPPING_TOPIC, toMs);
  const bound = new Map<string, number>();
  await readRange(
    client,
    MAPPING_TOPIC,
    { from: since, to: await committedEnds(client, MAPPING_TOPIC) },
    (_, records) => {
      for (const { op, cuid, guid } of readMappingEntries(records)) {
        if (op === 'bind') bound.set(cuid, bound.get(cuid) ?? guid);
        else if (bound.get(cuid) === guid) bound.delete(cuid);
      }
    },
  );
  // A binding is written again when nobody knows whether it was: it is as old as the first time.
  await readRange(client, MAPPING_TOPIC, { to: since }, (_, records) => {
    for (const { op, cuid, guid } of readMappingEntries(records)) {
      if (op === 'bind' && bound.get(cuid) === guid) bound.delete(cuid);
    }
  });
  return [...bound.keys()];
}

/**
 * Erases users in the order of messages, as `DELETE /v1/users/{cuid}` does: their guids are retired for ever, and who comes again gets another one and begins
 * empty. Breaking off does no harm: the same may be done again.
 * @throws KafkaFailure
 */
export async function sendErasures(client: KafkaClient, cuids: readonly string[]): Promise<void> {
  const producer = client.producer();
  await producer.connect();
  try {
    for (let start = 0; start < cuids.length; start += SEND_BATCH) {
      const messages = cuids.slice(start, start + SEND_BATCH).map((cuid) => ({
        key: cuid,
        value: JSON.stringify({ header: { type: ERASE_TYPE, cuid }, body: {} }),
      }));
      await producer.send({ topic: RAW_TOPIC, acks: -1, messages });
    }
  } finally {
    await producer.disconnect();
  }
}
