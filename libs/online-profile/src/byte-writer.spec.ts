import { ByteWriter } from './byte-writer';

describe('ByteWriter', () => {
  it.each([
    ['numbers', (writer: ByteWriter) => writer.uint(0x010203, 3), '010203'],
    ['doubles', (writer: ByteWriter) => writer.double(1.5), '3ff8000000000000'],
    ['bytes', (writer: ByteWriter) => writer.bytes(Buffer.of(7, 8, 9)), '070809'],
    ['texts', (writer: ByteWriter) => writer.text('é!', 3), 'c3a921'],
  ])('keeps %s whole wherever it has to grow', (_name, write, hex) => {
    const writer = new ByteWriter();
    for (let count = 0; count < 2_000; count++) write(writer);
    expect(writer.written.toString('hex')).toBe(hex.repeat(2_000));
  });

  it('writes over what is there', () => {
    const writer = new ByteWriter();
    const at = writer.skip(2);
    writer.text('a'.repeat(3_000), 3_000);
    writer.uint(writer.length, 2, at);
    expect(writer.written.readUInt16BE(0)).toBe(3_002);
  });
});
