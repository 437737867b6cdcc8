import { readToEnd } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';

/** Committed records of a topic. */
export async function countCopies(client: KafkaClient, topic: string): Promise<number> {
  let count = 0;
  await readToEnd(client, topic, (_partition, records) => {
    count += records.length;
  });
  return count;
}
