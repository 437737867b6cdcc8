import { randomInt } from 'node:crypto';
import type { ICustomPartitioner } from 'kafkajs';

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const { imul } = Math;

/**
 * The partition of a key as Java clients have it: murmur2 over its bytes, without the sign, modulo the partitions. (That of kafkajs comes to the same, in arithmetic of 64 bits.)
 * Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2`.
 */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function murmur2(data: Buffer): number {
  const { length } = data;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = imul(data.readInt32LE(at), MULTIPLIER);
    word = imul(word ^ (word >>> 24), MULTIPLIER);
    hash = imul(hash, MULTIPLIER) ^ word;
  }
  const rest = length - whole;
  if (rest > 2) hash ^= data.readUInt8(whole + 2) << 16;
  if (rest > 1) hash ^= data.readUInt8(whole + 1) << 8;
  if (rest > 0) hash = imul(hash ^ data.readUInt8(whole), MULTIPLIER);
  hash = imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** Records with a key by the key; without one anywhere; those that name their partition there. */
export const partitioner: ICustomPartitioner = () => {
  return ({ partitionMetadata, message: { partition, key } }) => {
    if (partition !== undefined) return partition;
    if (key === null || key === undefined) return randomInt(partitionMetadata.length);
    return partitionOfKey(Buffer.isBuffer(key) ? key : Buffer.from(key), partitionMetadata.length);
  };
};
