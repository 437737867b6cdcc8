import type { Admin } from 'kafkajs';
import type { KafkaClient } from './kafka-client';

/** By partition, the position that a group has committed; partitions without one are left out. @throws KafkaFailure */
export function committedOffsets(
  client: KafkaClient,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  return client.withAdmin((admin) => fetchCommitted(admin, groupId, topic));
}

/** The same with a connected administrator. @throws what the client throws. */
export async function fetchCommitted(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const positions = (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
  return new Map(positions.filter(([, offset]) => offset >= 0));
}
