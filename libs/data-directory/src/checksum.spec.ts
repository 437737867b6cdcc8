import { randomBytes } from 'node:crypto';
import { crc32, crc32Portable } from './checksum';

describe('crc32', () => {
  it('is the CRC-32 of zip, in both forms', () => {
    for (const checksum of [crc32, crc32Portable]) {
      expect(checksum(Buffer.from('123456789'))).toBe(0xcbf43926);
      expect(checksum(Buffer.alloc(0))).toBe(0);
      expect(checksum(Buffer.from('56789'), checksum(Buffer.from('1234')))).toBe(0xcbf43926);
    }
  });

  it('is the same in both forms for every length and start value', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = randomBytes(length);
      const start = randomBytes(4).readUInt32LE();
      expect([crc32Portable(bytes), crc32Portable(bytes, start)]).toEqual([crc32(bytes), crc32(bytes, start)]);
    }
  });
});
