/** Offsets of a Kafka partition in front of those of the next one. */
const PARTITION_ROWS = 1n << 44n;

/** Tells rows of one user and time apart, in the order of arrival: Kafka partition × 2^44 + offset. The same whenever the record is read. */
export function rowOf(partition: number, offset: number): bigint {
  return BigInt(partition) * PARTITION_ROWS + BigInt(offset);
}
