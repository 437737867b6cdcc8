import { Worker } from 'node:worker_threads';
import { BitmapPacker, PackedBitmaps, RoaringBitmap32 } from './index';

const bitmaps = (): RoaringBitmap32[] => [
  new RoaringBitmap32([1, 5, 70_000]),
  new RoaringBitmap32(),
  RoaringBitmap32.fromRange(10, 1_000_000),
  new RoaringBitmap32(Array.from({ length: 50_000 }, (_, index) => index * 3)),
];

describe('packed bitmaps', () => {
  it('are what was added, even if that changes afterwards', () => {
    const packer = new BitmapPacker();
    for (const bitmap of bitmaps()) {
      packer.add(bitmap);
      bitmap.add(4_000_000);
    }
    const packed = packer.finish();
    expect(packed.length).toBe(4);
    bitmaps().forEach((bitmap, index) => {
      expect(packed.at(index).isEqual(bitmap)).toBe(true);
      expect(packed.sizeOf(index)).toBe(bitmap.size);
      expect(packed.at(index).isFrozen).toBe(true);
    });
    expect(packed.bytes).toBeGreaterThan(50_000 / 8);
    expect(new BitmapPacker().finish().bytes).toBe(0);
  });

  it('are read in place by other views and take part in every operation', () => {
    const packer = new BitmapPacker();
    bitmaps().forEach((bitmap) => {
      packer.add(bitmap);
    });
    const { parts } = packer.finish();
    const other = new PackedBitmaps(parts);
    expect(RoaringBitmap32.and(other.at(2), other.at(3)).size).toBe(49_996);
    const changed = other.at(0).clone();
    changed.orInPlace(other.at(3));
    expect(changed.size).toBe(50_003);
    expect(() => other.at(0).add(7)).toThrow();
  });

  it('are shared with other threads', async () => {
    const packer = new BitmapPacker();
    packer.add(RoaringBitmap32.fromRange(0, 100_000));
    const { parts } = packer.finish();
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { RoaringBitmap32 } = require(${JSON.stringify(require.resolve('roaring'))});
      const bytes = Buffer.from(workerData.memory, workerData.offset, workerData.lengths[0]);
      parentPort.postMessage(RoaringBitmap32.unsafeFrozenView(bytes, 'unsafe_frozen_croaring').size);`;
    const worker = new Worker(code, { eval: true, workerData: parts });
    const size = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(size).toBe(100_000);
  });
});
