import { Catalog, declareTagType, removeTagType } from '@tessera/tag-catalog';
import type { CatalogStore } from '@tessera/tag-catalog';
import { SourceTopics } from './source-topics';

function declared(catalog: Catalog, name: string): Catalog {
  const outcome = declareTagType(catalog, { name, kind: 'profile', tags: [{ name: `${name}_tag`, valueType: 'int' }] });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
  return outcome.value;
}

describe('SourceTopics', () => {
  let stored = declared(declared(Catalog.empty, 'kept'), 'gone');
  let known = stored;
  let isThere = true;
  const store: Pick<CatalogStore, 'current' | 'refresh'> = {
    current: () => known,
    refresh: () => {
      if (!isThere) return Promise.reject(new Error('the catalogue is away'));
      known = stored;
      return Promise.resolve();
    },
  };
  const topics = new SourceTopics({ list: () => Promise.resolve(new Set<string>()) }, store as Required<CatalogStore>, {
    read: () => undefined,
  });

  it('knows topics of removed types by the newest catalogue, and none while that can not be read', async () => {
    const all = ['tags.kept', 'tags.gone', 'tags.late', 'tags.sys_offline_cuid', 'sys_cguid_mapping', 'lists'];
    stored = removeTagType(stored, 'gone');
    stored = declared(stored, 'late');
    isThere = false;
    expect(await topics.removed()).toBeNull();
    isThere = true;
    const isRemoved = await topics.removed();
    expect(all.filter((topic) => isRemoved?.(topic))).toEqual(['tags.gone']);
    // While somebody waits.
    known = stored = declared(stored, 'gone');
    expect(isRemoved?.('tags.gone')).toBe(false);
  });
});
