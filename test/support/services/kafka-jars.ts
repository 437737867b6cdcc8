import { getJars, type Jars, lacksJars } from './maven-jars';

/** The last one that speaks the versions of the protocol that kafkajs 2.2.4 does: Kafka 4 has dropped some (KIP-896). */
export const KAFKA_VERSION = '3.9.1';

const JARS: Jars = {
  name: `kafka-${KAFKA_VERSION}`,
  owner: 'Kafka',
  artifacts: [`org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`, 'org.slf4j:slf4j-simple:1.7.36'],
};

/** Why the jars can't be had here; null: they are there, or can be got. */
export function lacksKafkaJars(): string | null {
  return lacksJars(JARS);
}

/**
 * The folder with Kafka's jars; got by Maven once and kept beside the packages.
 * @throws MissingServiceError without Maven, or if it can't get them.
 */
export async function kafkaJars(): Promise<string> {
  return await getJars(JARS);
}
