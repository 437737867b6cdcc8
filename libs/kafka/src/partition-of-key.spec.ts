import { Partitioners } from 'kafkajs';
import { partitioner, partitionOfKey } from './partition-of-key';

describe('partitionOfKey', () => {
  it('comes to what the client has for any key', () => {
    const theirs = Partitioners.DefaultPartitioner();
    let state = 12_345;
    const random = (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
    for (let round = 0; round < 5_000; round++) {
      const key = Buffer.from(Array.from({ length: random(40) }, () => random(256)));
      const partitions = 1 + random(200);
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] },
      }));
      const expected = theirs({ topic: 't', partitionMetadata, message: { key, value: null } });
      expect([key.toString('hex'), partitions, partitionOfKey(key, partitions)]).toEqual([
        key.toString('hex'),
        partitions,
        expected,
      ]);
      expect(partitioner()({ topic: 't', partitionMetadata, message: { key, value: null } })).toBe(expected);
    }
  });
});
