import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram, runProgram } from './command';
import { MissingServiceError } from './missing-service-error';

/** The last one that speaks the versions of the protocol that kafkajs 2.2.4 does: Kafka 4 has dropped some (KIP-896). */
export const KAFKA_VERSION = '3.9.1';
/** Where packages are installed, from the sources and from what is compiled of them. */
const PACKAGES = path.join(path.dirname(require.resolve('kafkajs/package.json')), '..');
const CACHE = path.join(PACKAGES, '.cache', `kafka-${KAFKA_VERSION}`);

const NO_MAVEN = 'Kafka needs Maven to get its jars: apt-get install maven';

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tessera</groupId>
  <artifactId>kafka-jars</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/** Why the jars can't be had here; null: they are there, or can be got. */
export function lacksKafkaJars(): string | null {
  return existsSync(CACHE) || findProgram('mvn') !== null ? null : NO_MAVEN;
}

/**
 * The folder with Kafka's jars; got by Maven once and kept beside the packages.
 * @throws MissingServiceError without Maven, or if it can't get them.
 */
export async function kafkaJars(): Promise<string> {
  if (existsSync(CACHE)) return CACHE;
  const maven = findProgram('mvn');
  if (maven === null) throw new MissingServiceError(NO_MAVEN);
  await mkdir(path.dirname(CACHE), { recursive: true });
  const work = await mkdtemp(`${CACHE}-`);
  try {
    await writeFile(path.join(work, 'pom.xml'), POM);
    await runProgram(maven, ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], { folder: work });
    // Whole or not at all; somebody else may have been faster.
    await rename(path.join(work, 'jars'), CACHE).catch(() => undefined);
  } catch (error) {
    throw new MissingServiceError(`Maven could not get Kafka's jars: ${String(error)}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return CACHE;
}
