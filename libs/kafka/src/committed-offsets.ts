import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';

/** By partition, the position that a group has committed; partitions without one are left out. @throws KafkaFailure */
export async function committedOffsets(
  client: KafkaClient,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  const admin = client.admin();
  try {
    await admin.connect();
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const positions = (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
    return new Map(positions.filter(([, offset]) => offset >= 0));
  } catch (error) {
    throw KafkaFailure.of(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
