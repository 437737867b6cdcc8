import { universeNode } from '@tessera/audience';
import type { JsonValue, TagMessage } from '@tessera/tag-catalog';
import { EmbeddedEngine } from './embedded-engine';
import { NumberIdentity } from './testing/number-identity';
import { TemporaryDirectory } from './testing/temporary-directory';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';

const catalog = testCatalog();
const SOURCE = 'tags.raw/0';

describe('Sources with positions', () => {
  let temporary: TemporaryDirectory;

  beforeEach(async () => {
    temporary = await TemporaryDirectory.make();
  });
  afterEach(async () => {
    await temporary.remove();
  });

  async function open(): Promise<EmbeddedEngine> {
    const directory = await temporary.open();
    return EmbeddedEngine.open({ directory, catalog: () => catalog, identity: new NumberIdentity(), clock: () => NOW });
  }

  function person(cuid: string, body: JsonValue): TagMessage {
    return messageOf(catalog, 'person', cuid, body);
  }

  async function knownUsers(engine: EmbeddedEngine): Promise<number | undefined> {
    return (await engine.counts([universeNode()])).counts[0];
  }

  it.each(['close', 'abandon'] as const)('are as far as what was applied after %s', async (ending) => {
    const engine = await open();
    expect(engine.progressOf(SOURCE)).toBeNull();
    const tooMuch = { level: { $inc: Number.MAX_SAFE_INTEGER } };
    const messages = [person('a', { level: 5 }), person('a', tooMuch), person('b', { level: 1 })];
    const { verdicts } = await engine.apply(
      { arrivalMs: NOW, messages },
      { source: SOURCE, position: 9, each: [4, 7, 8], mark: 2 ** 32 - 1 },
    );
    expect(verdicts).toEqual(['accepted', expect.objectContaining({ code: 'outOfRange' }), 'accepted']);
    await engine[ending]();
    const again = await open();
    expect(again.progressOf(SOURCE)).toEqual({
      position: 9,
      mark: 2 ** 32 - 1,
      refused: [{ position: 7, code: 'outOfRange', detail: expect.stringContaining('body.level') }],
    });
    expect((await again.apply({ arrivalMs: NOW, messages }, { source: SOURCE, position: 9 })).verdicts).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
    await again.apply({ arrivalMs: NOW, messages: [] }, { source: SOURCE, position: 12 });
    await again[ending]();
    const last = await open();
    expect(last.progressOf(SOURCE)).toEqual({ position: 12, refused: [] });
    await last.close();
  });

  it('erase and bind once, whatever is delivered again', async () => {
    const engine = await open();
    expect((await engine.bind(['a', 'b', 'a'], { source: SOURCE, position: 2 })).verdicts).toEqual([
      'accepted',
      'accepted',
      'stale',
    ]);
    expect(await knownUsers(engine)).toBe(2);
    expect((await engine.erase('nobody', NOW, { source: SOURCE, position: 3 })).erased).toBe(false);
    expect(engine.progressOf(SOURCE)?.position).toBe(3);
    expect((await engine.erase('a', NOW, { source: SOURCE, position: 4 })).erased).toBe(true);
    await engine.apply({ arrivalMs: NOW, messages: [person('a', { level: 1 })] }, { source: SOURCE, position: 5 });
    await engine.abandon();
    const again = await open();
    expect((await again.erase('a', NOW, { source: SOURCE, position: 4 })).erased).toBe(false);
    expect((await again.bind(['c'], { source: SOURCE, position: 5 })).verdicts).toEqual(['duplicate']);
    expect(await knownUsers(again)).toBe(2);
    expect((await again.erase('a', NOW, { source: SOURCE, position: 6 })).erased).toBe(true);
    expect(await knownUsers(again)).toBe(1);
    await again.close();
  });

  it('are refused if their positions could not be read back', async () => {
    const engine = await open();
    const batch = { arrivalMs: NOW, messages: [person('a', { level: 1 }), person('b', { level: 1 })] };
    for (const wrong of [{ each: [1] }, { each: [2, 1] }, { each: [1, 4] }, { position: 2 ** 60 }, { mark: 0 }]) {
      await expect(engine.apply(batch, { source: SOURCE, position: 3, ...wrong })).rejects.toThrow(RangeError);
    }
    expect(engine.dataVersion).toBe(0);
    await engine.close();
  });
});
