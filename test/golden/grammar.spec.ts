import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindExpression, buildPlan, ReferenceStore } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { StarrocksEngine, StarrocksPool } from '@tessera/starrocks-engine';
import type { StarrocksSession } from '@tessera/starrocks-engine';
import type { Guid, JsonValue } from '@tessera/tag-catalog';
import { tag } from '../conformance/cases/build';
import { StarrocksState } from '../conformance/starrocks/starrocks-state';
import { StateTables } from '../conformance/starrocks/state-tables';
import { describeWithServer } from '../support/services/with-server';
import { StarrocksGrammar } from '../support/starrocks-grammar/starrocks-grammar';
import { describeWithStarrocks } from '../support/starrocks-standin/with-starrocks';
import { GOLDEN } from './golden-expressions';
import { GOLDEN_LISTS, goldenMessages, goldenWorld } from './golden-world';

const FOLDER = join(__dirname, 'sql');
/** So that questions are cut into several statements. */
const LIMITS = { leavesMax: 16, inputsMax: 16, gatesMax: 40, heightMax: 5, askedMax: 4 };

describeWithServer("SQL in StarRocks' own grammar", StarrocksGrammar, (grammar) => {
  it.each(readdirSync(FOLDER))('%s is SQL of StarRocks', async (file) => {
    const statements = readFileSync(join(FOLDER, file), 'utf8').split(/;\n/);
    for (const statement of statements.slice(0, -1)) {
      await grammar().check(statement.replace(/^(?:--.*\n|\n)*/, ''));
    }
  });

  describeWithStarrocks('whatever is sent for an answer', (starrocks) => {
    it('is SQL of StarRocks', async () => {
      const { mysqlUrl, database } = starrocks();
      const sent = new Set<string>();
      const pool = new StarrocksPool({ urls: [new URL('/', mysqlUrl).href], database });
      const world = goldenWorld();
      const nowMs = (): number => world.nowMs;
      const state = new StarrocksState({
        pool,
        tables: new StateTables(pool, database),
        reference: new ReferenceStore({ nowMs }),
        catalog: () => world.catalog,
        nowMs,
        usersPerSegment: undefined,
      });
      await state.apply(goldenMessages(world));
      for (const [name, cuids] of GOLDEN_LISTS) {
        world.nameList(name, (await state.lists.create(name, oneByOne(cuids))).list.id);
      }
      const plan = async (rule: JsonValue): Promise<PlanNode> => {
        const { catalog, references } = world;
        const bound = await bindExpression(world.withListIds(rule), { catalog, references, timeZone: 'UTC' });
        if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
        return buildPlan(bound.value, { asOfMs: world.nowMs }).root;
      };
      const all = GOLDEN.map(({ rule }) => rule);
      const nodes = await Promise.all(
        [{ or: all.slice(2) }, { atLeast: 5, of: all }, tag('level', 'in', many())].map(plan),
      );
      const requests = [...world.catalog.tags].map((each) => ({
        tag: each,
        validAfterMs: each.ttlMs === null ? null : 0,
      }));
      for (const shape of ['mixed', 'bitmap'] as const) {
        const engine = new StarrocksEngine({ pool: recording(pool, sent), nowMs, shape, limits: LIMITS });
        for (const node of nodes) {
          await engine.counts([node]);
          await engine.materialise(node);
          await engine.members(node, 3, 10);
          await engine.contains(
            node,
            [1, 2, 3].map((guid) => guid as Guid),
          );
          await engine.distribution(node, requests, 2);
        }
        await engine.sweep();
        await engine.close();
      }
      await pool.close();
      expect(sent.size).toBeGreaterThan(300);
      for (const statement of sent) await grammar().check(statement);
    }, 200_000);
  });
});

/** More than stand in an IN list. */
function many(): readonly number[] {
  return Array.from({ length: 1_200 }, (_, index) => index);
}

type EnginePool = Pick<StarrocksPool, 'read' | 'rows' | 'write'>;

function recording(pool: StarrocksPool, sent: Set<string>): EnginePool {
  const note = (statement: string): string => {
    sent.add(statement);
    return statement;
  };
  const noted = (session: StarrocksSession): StarrocksSession => ({
    rows: (statement, options) => session.rows(note(statement), options),
    stream: (statement, options) => session.stream(note(statement), options),
    write: (statement, options) => session.write(note(statement), options),
    run: (statement, options) => session.run(note(statement), options),
  });
  return {
    read: (work, options) => pool.read((session) => work(noted(session)), options),
    rows: (statement, options) => pool.rows(note(statement), options),
    write: (statement, options) => pool.write(note(statement), options),
  };
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}
