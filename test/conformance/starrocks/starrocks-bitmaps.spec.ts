import {
  differenceNode,
  kvReadNode,
  ReferenceEngine,
  ReferenceStore,
  snapshotReadNode,
  unionNode,
  universeNode,
} from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import {
  BitmapCountError,
  BitmapRows,
  StarrocksEngine,
  StarrocksPool,
  StreamLoadClient,
} from '@tessera/starrocks-engine';
import type { BitmapRowsOptions, KvBitmap, KvBitmaps } from '@tessera/starrocks-engine';
import type { JsonValue, TagDefinition, TagMessage } from '@tessera/tag-catalog';
import { TOO_MANY_VERSIONS } from '../../support/starrocks-standin/faults';
import { describeWithStarrocks } from '../../support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../../support/starrocks-standin/with-starrocks';
import { kv, message } from '../cases/build';
import { World } from '../world';
import { StarrocksState } from './starrocks-state';
import { StateTables } from './state-tables';

const USERS = 40;
const TIMEOUT_MS = 1_000;
const TESTS_MS_MAX = 120_000;
/** Of other segments; nobody that is known, as of users who have been erased. */
const STRANGERS = [4_194_303, 4_194_304, 50_000_000, 4_294_967_295];
const SOURCE = 'tags.thing/0';
const FROM_BITMAPS = 'color is read from sys_kv_bitmaps, which has applied everything that its table has';

describe.each(['INSERT', 'Stream Load'])('By %s', (transport) => {
  describeWithStarrocks('bitmaps that are written to StarRocks', (starrocks) => {
    writesBitmaps(starrocks, transport === 'INSERT');
  });
});

function writesBitmaps(starrocks: () => StarrocksAtHand, isInsert: boolean): void {
  const world = new World();
  const store = new ReferenceStore({ nowMs: () => world.nowMs });
  const reference = new ReferenceEngine(store);
  const engines: StarrocksEngine[] = [];
  let pool: StarrocksPool;

  const engine = (shape: 'auto' | 'mixed' | 'bitmap' = 'auto'): StarrocksEngine => {
    const made = new StarrocksEngine({ pool, nowMs: () => world.nowMs, shape });
    engines.push(made);
    return made;
  };

  const rowsBy = (through: BitmapRowsOptions['pool'] = pool, readersMs = 0): BitmapRows => {
    const { httpUrls: urls, database } = starrocks();
    const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs: TIMEOUT_MS });
    const streamLoad = isInsert ? null : client;
    // A statement a row, nearly: what is written by several must be right too.
    return new BitmapRows({
      pool: through,
      timeoutMs: TIMEOUT_MS,
      readersMs,
      streamLoad,
      limits: { rows: 2, characters: 9_000 },
      // The stand-in keeps DELETEs to the limit of statements.
      deleteMs: 0,
    });
  };

  beforeAll(async () => {
    const { mysqlUrl, database } = starrocks();
    world.declare(kv('thing', { color: 'string' }).declare);
    pool = new StarrocksPool({ urls: [new URL('/', mysqlUrl).href], database });
    const state = new StarrocksState({
      pool,
      tables: new StateTables(pool, database),
      reference: store,
      catalog: () => world.catalog,
      nowMs: () => world.nowMs,
      usersPerSegment: undefined,
    });
    const read = Array.from({ length: USERS }, (_, user): JsonValue =>
      message('thing', `u${user}`, { color: colorOf(user) }),
    );
    const messages = read.map((json) => world.read(json)).filter((result): result is TagMessage => !('code' in result));
    await state.apply({ arrivalMs: world.nowMs, messages });
    await position(pool, SOURCE, 9, 'ingest-1');
  }, TESTS_MS_MAX);

  afterAll(async () => {
    for (const each of engines) await each.close();
    await pool.close();
  });

  async function expectSame(nodes: readonly PlanNode[]): Promise<void> {
    const { counts } = await reference.counts(nodes);
    for (const shape of ['mixed', 'bitmap', 'auto'] as const) {
      expect((await engine(shape).counts(nodes)).counts).toEqual(counts);
      for (const node of nodes) {
        const expected = (await reference.materialise(node)).set.page(0, USERS);
        expect([...(await engine(shape).materialise(node)).set.page(0, USERS)]).toEqual([...expected]);
      }
    }
  }

  const versionAnswers = async (): Promise<number> => (await engine().counts([universeNode()])).dataVersion ?? NaN;

  describe('snapshots', () => {
    const members = (modulo: number): RoaringBitmap32 =>
      new RoaringBitmap32([
        ...STRANGERS,
        ...Array.from({ length: USERS }, (_, user) => user + 1).filter((guid) => guid % modulo === 0),
      ]);
    const put = async (rows: BitmapRows, audienceId: string, version: number, modulo: number): Promise<void> => {
      await rows.putSnapshot({ audienceId, version, createdMs: world.nowMs }, members(modulo));
      const cuids = [...members(modulo)].filter((guid) => guid <= USERS).map((guid) => `u${guid - 1}`);
      store.putSnapshot(audienceId, version, cuids);
    };

    it('are read by plans as they were written, one version beside the other', async () => {
      const rows = rowsBy();
      const before = await versionAnswers();
      await put(rows, 'big', 1, 2);
      await put(rows, 'big', 4, 3);
      await rows.putSnapshot({ audienceId: 'nobody', version: 1, createdMs: world.nowMs }, new RoaringBitmap32());
      store.putSnapshot('nobody', 1, []);
      expect(await rows.snapshotVersions('big')).toEqual([1, 4]);
      expect(await rows.snapshotVersions('nobody')).toEqual([1]);
      expect(await rows.snapshotVersions('never')).toEqual([]);
      const [one, four, none] = [snapshotReadNode('big', 1), snapshotReadNode('big', 4), snapshotReadNode('nobody', 1)];
      await expectSame([one, four, none, unionNode([one, four]), differenceNode(universeNode(), one)]);
      expect(await versionAnswers()).toBeGreaterThan(before);
      const stored = await pool.rows(
        "SELECT `sys_seg`, `sys_count` FROM `sys_snapshots` WHERE `sys_audience` = 'big' AND `sys_version` = 4 ORDER BY `sys_seg`",
      );
      expect(stored.map((row) => [row['sys_seg'], row['sys_count']])).toEqual([
        [0, '14'],
        [1, '1'],
        [11, '1'],
        [1_023, '1'],
      ]);
    });

    it(
      'hold full segments, whose texts are as long as they get',
      async () => {
        const { httpUrls: urls, database } = starrocks();
        const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs: 10 * TIMEOUT_MS });
        const streamLoad = isInsert ? null : client;
        const rows = new BitmapRows({ pool, timeoutMs: 10 * TIMEOUT_MS, readersMs: 0, streamLoad });
        const guids = RoaringBitmap32.fromRange(2, 2 ** 23, 2);
        await rows.putSnapshot({ audienceId: 'full', version: 1, createdMs: world.nowMs }, guids);
        const evens = Array.from({ length: USERS / 2 }, (_, pair) => `u${2 * pair + 1}`);
        store.putSnapshot('full', 1, evens);
        await expectSame([snapshotReadNode('full', 1)]);
        const stored = await pool.rows(
          "SELECT `sys_count` FROM `sys_snapshots` WHERE `sys_audience` = 'full' ORDER BY `sys_seg`",
        );
        expect(stored.map((row) => row['sys_count'])).toEqual([String(2 ** 21 - 1), String(2 ** 21)]);
      },
      TESTS_MS_MAX,
    );

    it('are never changed once they are published', async () => {
      await put(rowsBy(), 'fixed', 3, 2);
      for (const version of [3, 2])
        await expect(put(rowsBy(), 'fixed', version, 5)).rejects.toThrow('version 3 is published');
      await expectSame([snapshotReadNode('fixed', 3)]);
      expect(await rowsBy().snapshotVersions('fixed')).toEqual([3]);
    });

    it(
      'are not given before they are whole, wherever their writer stops, and are written anew',
      async () => {
        let steps = 0;
        for (; ; steps++) {
          const audienceId = `stopped-${steps}`;
          await put(rowsBy(), audienceId, 1, 2);
          const stopped = await fails(put(rowsBy(stoppingAfter(pool, steps)), audienceId, 2, 1));
          expect(await rowsBy().snapshotVersions(audienceId)).toEqual(stopped ? [1] : [1, 2]);
          if (!stopped) break;
          await letTimePass(pool, `snapshots/${audienceId}`);
          await put(rowsBy(), audienceId, 2, 7);
          expect(await rowsBy().snapshotVersions(audienceId)).toEqual([1, 2]);
          await expectSame([snapshotReadNode(audienceId, 1), snapshotReadNode(audienceId, 2)]);
        }
        expect(steps).toBeGreaterThan(5);
      },
      TESTS_MS_MAX,
    );

    it('are dropped when nobody can be reading them', async () => {
      for (const version of [1, 2, 3]) await put(rowsBy(), 'old', version, version + 1);
      const dropped = rowsBy(pool, 1_500).dropSnapshots('old', 3);
      await untilEqual(() => rowsBy().snapshotVersions('old'), [3]);
      await expectSame([snapshotReadNode('old', 1), snapshotReadNode('old', 3)]);
      await dropped;
      store.putSnapshot('old', 1, []);
      await expectSame([snapshotReadNode('old', 1), snapshotReadNode('old', 3)]);
      await rowsBy().dropSnapshots('old', 99);
      expect(await rowsBy().snapshotVersions('old')).toEqual([3]);
    });
  });

  describe('of kv tags', () => {
    const tag = (): TagDefinition => world.catalog.tag('color')!;
    const node = (values: readonly string[], negated = false): PlanNode =>
      kvReadNode({
        tag: tag(),
        condition: { kind: 'oneOf', values, negated },
        validAfterMs: null,
        includeMissing: false,
      });
    const nodes = (): readonly PlanNode[] => [
      node(['red']),
      node(['red'], true),
      node(["b'l\\ue"]),
      differenceNode(universeNode(), node(['red'])),
    ];
    const bitmaps = (): readonly KvBitmap[] =>
      ['red', "b'l\\ue"].map((value) => ({
        value,
        guids: new RoaringBitmap32([
          ...STRANGERS,
          ...Array.from({ length: USERS }, (_, user) => user)
            .filter((user) => colorOf(user) === value)
            .map((user) => user + 1),
        ]),
      }));
    const rolledUp = (next: number): KvBitmaps => ({
      tag: tag(),
      bitmaps: bitmaps(),
      positions: new Map([[SOURCE, next]]),
    });
    const placements = async (): Promise<readonly string[]> => (await engine().explain(nodes())).placements;

    it('answer questions while their positions are those of the table', async () => {
      await rowsBy().replaceKv(rolledUp(8));
      expect(await placements()).toEqual(['color is read from its table: the bitmaps are behind 1 of its 1 sources']);
      await rowsBy().replaceKv(rolledUp(9));
      expect(await placements()).toEqual([FROM_BITMAPS]);
      await expectSame(nodes());
    });

    it('raise the data version, also where a position is lower than before', async () => {
      const before = await versionAnswers();
      await rowsBy().replaceKv(rolledUp(3));
      const lower = await versionAnswers();
      expect(lower).toBeGreaterThan(before);
      await rowsBy().replaceKv(rolledUp(9));
      expect(await versionAnswers()).toBeGreaterThan(lower);
    });

    it(
      'are not read while they are replaced, wherever their writer stops',
      async () => {
        let steps = 0;
        for (; ; steps++) {
          const stopped = await fails(rowsBy(stoppingAfter(pool, steps)).replaceKv(rolledUp(9)));
          if (steps > 0 && stopped)
            expect(await placements()).toEqual(['color is read from its table: its bitmaps are being replaced']);
          await expectSame(nodes());
          if (!stopped) break;
          await letTimePass(pool, `kv_bitmaps/${tag().id}`);
        }
        expect(steps).toBeGreaterThan(5);
        expect(await placements()).toEqual([FROM_BITMAPS]);
      },
      TESTS_MS_MAX,
    );

    it(
      'are sent again when StarRocks has no room for versions or the connection breaks',
      async () => {
        const { standIn } = starrocks();
        if (standIn === null) return;
        const where = isInsert ? 'statement' : 'load';
        const match = isInsert ? '^INSERT INTO `sys_kv_bitmaps`' : 'sys_kv_bitmaps';
        standIn.faults.add({ at: `${where}-before`, action: TOO_MANY_VERSIONS, match, times: 2 });
        standIn.faults.add({ at: `${where}-after`, action: { kind: 'drop' }, match, skip: 1 });
        await rowsBy().replaceKv(rolledUp(9));
        expect(standIn.faults.left).toBe(0);
        expect(await placements()).toEqual([FROM_BITMAPS]);
        await expectSame(nodes());
      },
      TESTS_MS_MAX,
    );

    it(
      'of a writer that was overtaken are not written',
      async () => {
        const first = rowsBy(pool, 1_000).replaceKv(rolledUp(9));
        const lost = expect(first).rejects.toThrow('another process');
        await untilEqual(placements, ['color is read from its table: its bitmaps are being replaced']);
        // Finds that the first one may have statements under way, and waits.
        await Promise.all([lost, rowsBy().replaceKv(rolledUp(9))]);
        await expectSame(nodes());
        expect(await placements()).toEqual([FROM_BITMAPS]);
      },
      TESTS_MS_MAX,
    );

    it('are counted before they are published', async () => {
      const spoiled: BitmapRowsOptions['pool'] = spoiling(pool);
      await expect(rowsBy(spoiled).replaceKv(rolledUp(9))).rejects.toThrow(BitmapCountError);
      expect(await placements()).toEqual(['color is read from its table: its bitmaps are being replaced']);
      await letTimePass(pool, `kv_bitmaps/${tag().id}`);
      const twice = { ...rolledUp(9), bitmaps: [...bitmaps(), ...bitmaps()] };
      await expect(rowsBy().replaceKv(twice)).rejects.toThrow('is given twice');
      await expect(rowsBy().replaceKv({ ...rolledUp(9), positions: new Map([['tags.other/0', 1]]) })).rejects.toThrow(
        RangeError,
      );
    });
  });
}

function colorOf(user: number): string {
  return ['red', "b'l\\ue", 'green'][user % 3]!.replace('green', 'red');
}

function position(pool: StarrocksPool, source: string, next: number, writer: string): Promise<unknown> {
  return pool.write(
    `INSERT INTO \`sys_positions\` (\`sys_source\`, \`sys_begun\`, \`sys_next\`, \`sys_writer\`) VALUES ('${source}', ${next}, ${next}, '${writer}')`,
  );
}

/** Whoever stopped had an answer to each statement, so there is nothing to be waited for. */
function letTimePass(pool: StarrocksPool, source: string): Promise<unknown> {
  return position(pool, `writing/${source}`, 0, '');
}

/** Ends the process, so to say, behind so many statements that write. */
function stoppingAfter(pool: StarrocksPool, steps: number): BitmapRowsOptions['pool'] {
  let left = steps;
  const step = (): void => {
    if (left-- <= 0) throw new Error('stopped');
  };
  return {
    rows: (statement) => pool.rows(statement),
    write: async (statement) => {
      step();
      return pool.write(statement);
    },
    use: async (work) => {
      step();
      return pool.use(work);
    },
    untilVisible: (outcome) => pool.untilVisible(outcome),
  };
}

/** Another user gets in between. */
function spoiling(pool: StarrocksPool): BitmapRowsOptions['pool'] {
  return {
    rows: (statement) => pool.rows(statement),
    write: async (statement) => {
      const outcome = await pool.write(statement);
      if (statement.startsWith('DELETE')) {
        const id = /= (\d+)/.exec(statement)?.[1] ?? '';
        await pool.write(
          `INSERT INTO \`sys_kv_bitmaps\` (\`sys_tag\`, \`sys_value\`, \`sys_seg\`, \`sys_guids\`) VALUES (${id}, 'red', 0, to_bitmap(77))`,
        );
      }
      return outcome;
    },
    use: (work) => pool.use(work),
    untilVisible: (outcome) => pool.untilVisible(outcome),
  };
}

async function fails(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    expect(String(error)).toBe('Error: stopped');
    return true;
  }
}

async function untilEqual(ask: () => Promise<unknown>, wanted: unknown): Promise<void> {
  for (let left = 100; left > 0; left--) {
    if (JSON.stringify(await ask()) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await ask()).toEqual(wanted);
}
