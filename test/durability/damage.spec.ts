import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomSource } from '../conformance/random/random-source';
import { openEngine } from './open-engine';
import { Probe } from './probe';
import type { ProbeAnswer } from './probe';
import { makeSample, SAMPLE_OPERATIONS } from './sample-directory';

const SEED = Number(process.env['DURABILITY_SEED'] ?? Math.floor(Math.random() * 2 ** 20));
const FLIPS = Number(process.env['DURABILITY_FLIPS'] ?? 200);
const PAGE_BYTES = 4_096;
/** Every refusal says what to do about it. */
const ADVICE =
  /restore (?:it|both|the data directory) from (?:a|one) backup|start (?:the release|a newer)|in use by process/i;

// docs/durability.md is the table of what is tried here.
describe('a damaged data directory', () => {
  process.stderr.write(`durability: DURABILITY_SEED=${SEED} DURABILITY_FLIPS=${FLIPS}\n`);
  const random = new RandomSource(SEED);
  const folder = mkdtempSync(join(tmpdir(), 'tessera-damage-'));
  const sample = join(folder, 'sample');
  const copy = join(folder, 'copy');
  const probe = new Probe();
  /** Of the whole sample, and of the sample without the last write. */
  let answers = '';
  let answersBefore = '';
  let files: readonly string[] = [];

  const freshCopy = (): void => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(sample, copy, { recursive: true });
  };
  const open = async (damage: () => void): Promise<ProbeAnswer> => {
    freshCopy();
    damage();
    return probe.open(copy);
  };
  const answersOf = async (path: string): Promise<string> => {
    const answer = await probe.open(path);
    if (answer.outcome !== 'opened') throw new Error(JSON.stringify(answer));
    return answer.answers;
  };
  const segments = (): string[] => files.filter((file) => file.startsWith('log/'));
  const flip = (file: string, at: number, bit: number): void => {
    const bytes = readFileSync(join(copy, file));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    writeFileSync(join(copy, file), bytes);
  };
  const rewrite = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(copy, file), change(readFileSync(join(copy, file), 'utf8')));

  beforeAll(async () => {
    await makeSample(sample, SAMPLE_OPERATIONS);
    files = (readdirSync(sample, { recursive: true }) as string[])
      .filter((file) => statSync(join(sample, file)).isFile())
      .sort();
    freshCopy();
    answers = await answersOf(copy);
    await makeSample(join(folder, 'before'), SAMPLE_OPERATIONS - 1);
    answersBefore = await answersOf(join(folder, 'before'));
  }, 300_000);

  afterAll(async () => {
    await probe.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has been made with two log segments and different last states', () => {
    expect(segments()).toHaveLength(2);
    expect(answersBefore).not.toBe(answers);
  });

  it(`never answers wrongly, whichever of its bits is flipped (${FLIPS} of them, seed ${SEED})`, async () => {
    const tally = new Map<string, number>();
    for (let n = 0; n < FLIPS; n += 1) {
      const file = files[n % files.length] ?? '';
      const at = drawByte(random, readFileSync(join(sample, file)));
      const bit = random.between(0, 7);
      if (at === null) continue;
      const answer = await open(() => flip(file, at, bit));
      const outcome = judge(answer, file);
      tally.set(`${file}: ${outcome}`, (tally.get(`${file}: ${outcome}`) ?? 0) + 1);
      expect({ file, at, bit, outcome, answer }).toMatchObject({ outcome: expect.not.stringContaining('WRONG') });
    }
    process.stderr.write([...tally].map(([outcome, count]) => `durability: ${count} ${outcome}\n`).join(''));
  }, 300_000);

  /** The documented outcome, or `WRONG …`. */
  function judge(answer: ProbeAnswer, file: string): string {
    switch (answer.outcome) {
      case 'refused':
        return ADVICE.test(answer.message) ? 'refused' : `WRONG: refused without advice, ${answer.message}`;
      case 'crashed':
        // LMDB trusts its own pages, and ends the process where they contradict themselves.
        return file === 'store/data.mdb' ? 'ended by LMDB' : `WRONG: ${answer.signal}`;
      case 'failed':
        return `WRONG: ${answer.message}`;
      case 'opened':
        if (answer.findings.length > 0) return 'WRONG: findings';
        if (answer.answers === answers && answer.warnings.length === 0) return 'answers right';
        return answer.answers === answersBefore && answer.warnings.length === 1 ? 'repaired' : 'WRONG: answers';
    }
  }

  describe('in its log', () => {
    it('loses a last write that is torn, and says so', async () => {
      const last = segments()[1] ?? '';
      const bytes = statSync(join(sample, last)).size;
      for (const cut of [1, 7, 20]) {
        const answer = await open(() => truncateSync(join(copy, last), bytes - cut));
        expect(answer).toMatchObject({ outcome: 'opened', findings: [], answers: answersBefore });
        expect(answer).toMatchObject({ warnings: [expect.stringContaining('left by a write that was interrupted')] });
      }
      const flipped = await open(() => flip(last, bytes - 1, 3));
      expect(flipped).toMatchObject({ outcome: 'opened', answers: answersBefore, warnings: [expect.any(String)] });
      // Cut off is cut off: the next opening has nothing to say.
      expect(await probe.open(copy)).toMatchObject({ outcome: 'opened', warnings: [] });
    });

    // Places in a segment: header (40 bytes), then the first record: checksum, length, sequence, group index, payload.
    const places = { magic: 0, version: 8, salt: 12, 'first sequence': 16, id: 24, unused: 32, 'header checksum': 36 };
    const ofRecord = { checksum: 40, length: 44, sequence: 48, 'group index': 56, payload: 60 };
    for (const [place, at] of Object.entries({ ...places, ...ofRecord })) {
      it.each([0, 1])(`refuses a flipped ${place} in segment %d, which is not the last write`, async (index) => {
        const answer = await open(() => flip(segments()[index] ?? '', at, 2));
        expect(answer).toMatchObject({ outcome: 'refused', name: 'CorruptLogError' });
        expect(answer).toMatchObject({ message: expect.stringMatching(/is damaged at byte \d+: .*from a backup/) });
      });
    }

    it('refuses to leave a segment out', async () => {
      const [first = '', last = ''] = segments();
      const middle = await open(() => rmSync(join(copy, first)));
      expect(middle).toMatchObject({
        outcome: 'refused',
        message: expect.stringContaining('the log begins at sequence'),
      });
      const half = await open(() => truncateSync(join(copy, first), 3_000));
      expect(half).toMatchObject({ outcome: 'refused', name: 'CorruptLogError' });
      // The first segment then looks like the last one, and ends where the last one began: nothing in the directory tells.
      const end = await open(() => rmSync(join(copy, last)));
      expect(end).toMatchObject({ outcome: 'opened', warnings: [], findings: [] });
    });
  });

  describe('in its store', () => {
    it.each(['store/data.mdb', 'store/values'])('refuses %s when it is missing or cut short', async (file) => {
      const missing = await open(() => rmSync(join(copy, file)));
      expect(missing).toMatchObject({ outcome: 'refused', message: expect.stringMatching(/missing.*backup/) });
      for (const part of [0, 0.1, 0.5]) {
        const used = usedBytes(readFileSync(join(sample, file)));
        const cut = await open(() => truncateSync(join(copy, file), Math.floor(used * part)));
        expect(cut).toMatchObject({ outcome: 'refused', message: expect.stringMatching(/backup/) });
      }
    });
  });

  describe('in its own files', () => {
    it('refuses newer formats of the directory, the log and the checkpoint, saying which release to start', async () => {
      const directory = await open(() => rewrite('format.json', (text) => text.replace('"format":1', '"format":2')));
      expect(directory).toMatchObject({ outcome: 'refused', message: expect.stringContaining('has format 2') });
      freshCopy();
      const { engine, directory: opened } = await openEngine(copy);
      const meta = opened.chunks.get('meta')?.toString() ?? '';
      await opened.chunks.commit({
        puts: [['meta', Buffer.from(meta.replace('"format":1', '"format":2'))]],
        removes: [],
      });
      await engine.abandon();
      await opened.close();
      expect(await probe.open(copy)).toMatchObject({
        outcome: 'refused',
        message: expect.stringMatching(/engine format 2.*Start a newer version/),
      });
    });

    it.each(['format.json', 'secret'])('refuses to go on without %s', async (file) => {
      const answer = await open(() => rmSync(join(copy, file)));
      expect(answer).toMatchObject({ outcome: 'refused', message: expect.stringMatching(/restore it from a backup/) });
    });

    it('refuses another directory’s secret', async () => {
      const answer = await open(() => cpSync(join(folder, 'before', 'secret'), join(copy, 'secret')));
      expect(answer).toMatchObject({ outcome: 'refused', message: expect.stringContaining('another secret') });
    });

    it('refuses a second process, and is free once the first one is gone', async () => {
      freshCopy();
      const { engine, directory } = await openEngine(copy);
      expect(await probe.open(copy)).toMatchObject({
        outcome: 'refused',
        name: 'DirectoryLockedError',
        message: expect.stringContaining(`in use by process ${process.pid}`),
      });
      await engine.abandon();
      await directory.close();
      expect(await probe.open(copy)).toMatchObject({ outcome: 'opened', answers });
    });
  });
});

/** A place in a page that is in use; null: there is none. Files of the store have holes. */
function drawByte(random: RandomSource, bytes: Buffer): number | null {
  const pages = Math.ceil(bytes.length / PAGE_BYTES);
  const used = Array.from({ length: pages }, (_, page) => page).filter((page) =>
    bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES).some((byte) => byte !== 0),
  );
  if (used.length === 0) return null;
  const first = random.pick(used) * PAGE_BYTES;
  return random.between(first, Math.min(first + PAGE_BYTES, bytes.length) - 1);
}

/** Up to the last byte that is not zero. */
function usedBytes(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}
