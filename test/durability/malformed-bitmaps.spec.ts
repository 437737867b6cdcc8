import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import { RandomSource } from '../conformance/random/random-source';
import { openEngine } from './open-engine';
import { Probe } from './probe';
import { makeSample, SAMPLE_OPERATIONS, SAMPLE_SEED } from './sample-directory';
import { CUIDS, operationAt } from './workload';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const CASES = Number(process.env['DURABILITY_BITMAPS'] ?? 120);
/** Of the portable roaring format, without and with run containers. */
const COOKIES = [12_346, 12_347];
/** Bytes behind a cookie that are changed: header, containers' descriptions, the first values. */
const HEAD_BYTES = 40;

/** Chunks that pass their checksum and hold bitmaps whose bytes make no sense: a defect of ours, or of another program, wrote them. */
describe('malformed bitmaps in stored chunks', () => {
  process.stderr.write(`durability: DURABILITY_SEED=${SEED} DURABILITY_BITMAPS=${CASES}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bitmaps-'));
  const path = join(folder, 'data');
  const probe = new Probe();
  const chunks = new Map<string, Buffer>();

  const put = async (key: string, value: Buffer): Promise<void> => {
    const directory = await DataDirectory.open(path);
    await directory.chunks.commit({ puts: [[key, value]], removes: [] });
    await directory.close();
  };

  beforeAll(async () => {
    await makeSample(path, SAMPLE_OPERATIONS);
    const { engine, directory } = await openEngine(path);
    for (let index = SAMPLE_OPERATIONS; index < SAMPLE_OPERATIONS + 10; index += 1) {
      const operation = operationAt(SAMPLE_SEED, index);
      if (operation.kind === 'batch') await engine.apply(operation.batch);
    }
    await engine.lists.create(
      'everybody',
      (async function* () {
        yield* CUIDS;
      })(),
    );
    await engine.checkpoint();
    await engine.abandon();
    for (const [key, value] of directory.chunks.entries('')) {
      if (cookiesIn(value).length > 0) chunks.set(key, Buffer.from(value));
    }
    await directory.close();
  }, 300_000);

  afterAll(async () => {
    await probe.close();
    rmSync(folder, { recursive: true, force: true });
  });

  // Indexes are built from the columns: bitmaps are stored of lists alone.
  it('are looked for in chunks of lists', () => {
    expect(new Set([...chunks.keys()].map((key) => key.slice(0, 2)))).toEqual(new Set(['l/']));
  });

  it(`never end the process: refused by name, or read as the bitmaps they are (${CASES} of them, seed ${SEED})`, async () => {
    const random = new RandomSource(SEED);
    const tally = new Map<string, number>();
    for (let n = 0; n < CASES; n += 1) {
      const [key, value] = random.pick([...chunks]);
      const malformed = malform(random, value);
      await put(key, malformed);
      const answer = await probe.open(path);
      const bytes = malformed.toString('base64');
      expect({ key, bytes, answer }).toMatchObject({ answer: { outcome: expect.not.stringMatching('crashed') } });
      if (answer.outcome === 'refused') {
        expect(answer.message).toContain(`The entry ${key} of the checkpoint can't be read`);
        expect(answer.message).toContain('from a backup');
      }
      tally.set(answer.outcome, (tally.get(answer.outcome) ?? 0) + 1);
      await put(key, value);
    }
    process.stderr.write(`durability: ${[...tally].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}\n`);
    expect(tally.get('refused')).toBeGreaterThan(CASES / 4);
    // What was put back is what it was.
    expect(await probe.open(path)).toMatchObject({ outcome: 'opened', findings: [] });
  }, 300_000);
});

function cookiesIn(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 1) {
    if (COOKIES.includes(bytes.readUInt16LE(at)) && bytes.readUInt16LE(at + 2) < 16) found.push(at);
  }
  return found;
}

/** Changes the bytes of one bitmap, most often its head; the length it is stored with stays or not. */
function malform(random: RandomSource, value: Buffer): Buffer {
  const bytes = Buffer.from(value);
  const from = random.pick(cookiesIn(bytes));
  const at = Math.min(bytes.length - 4, from + random.between(0, HEAD_BYTES));
  switch (random.weighted({ bit: 4, byte: 3, word: 2, count: 2, cut: 1, repeat: 1 })) {
    case 'bit':
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
      return bytes;
    case 'byte':
      bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
      return bytes;
    case 'word':
      bytes.writeUInt16LE(random.pick([0, 0xffff, 4_096, 4_097, 0x8000]), at);
      return bytes;
    case 'count':
      bytes.writeUInt32LE(random.pick([0, 2, 65_536, 65_537, 0xffffffff]), Math.min(bytes.length - 4, from + 4));
      return bytes;
    case 'cut':
      return bytes.subarray(0, at);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from)]);
  }
}
