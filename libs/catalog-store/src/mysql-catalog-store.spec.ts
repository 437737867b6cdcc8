import { setTimeout as sleep } from 'node:timers/promises';
import { MysqlDatabase } from '@tessera/mysql';
import { Catalog, catalogToJson, fieldsOf, StoreUnavailableError } from '@tessera/tag-catalog';
import { emptyDatabase } from '../../../test/support/services/empty-database';
import { MariaDbServer } from '../../../test/support/services/mariadb-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { MysqlCatalogStore } from './index';
import type { MysqlCatalogOptions } from './index';
import { itKeepsACatalogue, seededRandom } from './testing/catalog-store-suite';
import { declare, randomChanges } from './testing/random-changes';

const PATIENCE_MS = 60_000;

describeWithServer('MysqlCatalogStore', MariaDbServer, (server) => {
  let opened: MysqlCatalogStore[];
  let database: MysqlDatabase;

  beforeEach(async () => {
    await server().start();
    await emptyDatabase(server().url);
    database = await MysqlDatabase.open(server().url);
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await database.close();
  });

  async function open(options: MysqlCatalogOptions = {}): Promise<MysqlCatalogStore> {
    const made = await MysqlCatalogStore.open(server().url, options);
    opened.push(made);
    return made;
  }

  async function until(what: string, holds: () => boolean, mostMs = PATIENCE_MS): Promise<void> {
    const untilMs = performance.now() + mostMs;
    while (!holds()) {
      if (performance.now() > untilMs) throw new Error(`after ${mostMs} ms still not: ${what}`);
      await sleep(20);
    }
  }

  function change(statement: string, values: readonly string[] = []): Promise<unknown> {
    return database.use((session) => session.run(statement, values));
  }

  itKeepsACatalogue(() => open());

  const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

  it(`loses no change of several that write at once (SEED=${SEED})`, async () => {
    const random = seededRandom(SEED);
    const stores = await Promise.all(Array.from({ length: 5 }, () => open({ updateMsMax: 60_000 })));
    const lists = stores.map((_, index) => randomChanges(`w${index}`, 30, random));
    await Promise.all(
      stores.map(async (store, index) => {
        for (const one of lists[index] ?? []) {
          await store.update(one);
          await sleep(random(5));
        }
      }),
    );
    const current = (await open()).current();
    expect(current.version).toBe(5 * 30);
    // What each did is there as if it had been alone, but for ids and versions of the whole.
    for (const [index, changes] of lists.entries()) {
      const alone = changes.reduce((catalog, one) => one(catalog), Catalog.empty);
      const own = current.types.filter(({ name }) => name.startsWith(`w${index}_`));
      expect(own.map(({ name, version, labels }) => ({ name, version, labels }))).toEqual(
        alone.types.map(({ name, version, labels }) => ({ name, version, labels })),
      );
      expect(own.map((type) => fieldsOf(type).map(({ name }) => name))).toEqual(
        alone.types.map((type) => fieldsOf(type).map(({ name }) => name)),
      );
    }
    const fields = [...current.types, ...current.retiredTypes].flatMap((type) => fieldsOf(type).map(({ id }) => id));
    expect(new Set(fields).size).toBe(fields.length);
    expect(current.nextFieldId).toBe(fields.length + 1);
    for (const store of stores) {
      await store.refresh();
      expect(catalogToJson(store.current())).toEqual(catalogToJson(current));
    }
  });

  it('shows a change to the others within 5 seconds, and at once to who asks', async () => {
    const [one, two, three] = [await open(), await open(), await open({ pollMs: 60_000 })];
    await one.update(declare('city'));
    await until('two knows city', () => two.current().type('city') !== undefined);
    expect(three.current().type('city')).toBeUndefined();
    await three.refresh();
    expect(three.current().type('city')).toEqual(one.current().type('city'));
    const before = three.current();
    await three.refresh();
    expect(three.current()).toBe(before);
  });

  it('runs a change again on the catalogue of who was faster, and refuses by that one', async () => {
    const [one, two] = [await open({ pollMs: 60_000 }), await open({ pollMs: 60_000 })];
    await one.update(declare('a'));
    await expect(two.update(declare('a'))).rejects.toThrow('exists');
    const seen: number[] = [];
    const updated = await two.update((catalog) => {
      seen.push(catalog.version);
      return declare('b')(catalog);
    });
    expect(seen).toEqual([1]);
    expect(updated.types.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('goes on with the last known catalogue while MySQL is away, says so, refuses changes, and comes back by itself', async () => {
    const store = await open({ pollMs: 100 });
    await store.update(declare('a'));
    await server().kill();
    const refusal = await store.update(declare('b')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreUnavailableError);
    expect((refusal as StoreUnavailableError).retriable).toBe(true);
    expect(store.current().type('a')).toBeDefined();
    await until('it says so', () => !store.state().ok);
    expect(store.state().detail).toContain('version 1 goes on being used');
    await server().start();
    await until('it is well again', () => store.state().ok);
    expect((await store.update(declare('b'))).types.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('waits for a MySQL that is not there at the start, and knows nothing until then', async () => {
    await (await open()).update(declare('a'));
    await server().stop();
    const store = await open({ pollMs: 100 });
    expect(() => store.current()).toThrow(StoreUnavailableError);
    expect(store.state().ok).toBe(false);
    await server().start();
    await until('it has read it', () => store.state().ok);
    expect(store.current().type('a')).toBeDefined();
  });

  it('makes each change in one piece, however often MySQL is killed', async () => {
    const stores = await Promise.all([open({ pollMs: 100 }), open({ pollMs: 100 })]);
    let isOver = false;
    const acknowledged: string[] = [];
    const writing = stores.map(async (store, writer) => {
      for (let n = 0; !isOver; n++) {
        const name = `k${writer}_${n}`;
        await store.update(declare(name)).then(
          () => acknowledged.push(name),
          () => sleep(50),
        );
      }
    });
    try {
      for (let kill = 0; kill < 3; kill++) {
        await sleep(300);
        await server().kill();
        await server().start();
      }
      await sleep(300);
    } finally {
      isOver = true;
      await Promise.all(writing);
    }
    const { types, version } = (await open()).current();
    const names = types.map(({ name }) => name);
    expect(acknowledged.filter((name) => !names.includes(name))).toEqual([]);
    // Each declaration counts up by one: none was made in part, none twice.
    expect(version).toBe(types.length);
    expect(acknowledged.length).toBeGreaterThan(10);
  });

  it.each([
    ['a declaration that is not JSON', "UPDATE tag_type SET declaration = '{'", 'tag_type 1'],
    ['one that says something else than the row', "UPDATE tag_type SET name = 'other'", 'other'],
    ['field ids that are missing', "UPDATE tag_type SET field_ids = '[]'", 'fieldIds'],
    ['ids beyond what was given out', 'UPDATE tag_catalog SET next_field_id = 1', 'field id 1'],
    ['another format', 'UPDATE tag_catalog SET format = 2', 'format is the number 2'],
    ['no catalogue at all', 'DELETE FROM tag_catalog', 'missing'],
  ])('refuses to begin with %s, and goes on with what it had', async (_, statement, said) => {
    const store = await open();
    await store.update(declare('a'));
    const before = store.current();
    await change(statement);
    await change('UPDATE tag_catalog SET version = version + 1');
    await expect(store.refresh()).rejects.toThrow(said);
    expect(store.current()).toBe(before);
    expect(store.state()).toMatchObject({ ok: false, detail: expect.stringContaining(said) });
    const refusal = await store.update(declare('b')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreUnavailableError);
    expect((refusal as StoreUnavailableError).retriable).toBe(false);
    await expect(open()).rejects.toThrow(said);
  });

  it('refuses tables of a newer release', async () => {
    await open();
    await change("INSERT INTO schema_version (version, name) VALUES (999, 'of the future')");
    await expect(open()).rejects.toThrow(/version 999, this release knows up to \d/);
  });
});
