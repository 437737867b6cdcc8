import type { Catalog } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import { EmbeddedUserView } from '../user-view';

/** All that can be asked of a state, as plain data: equal descriptions mean that nobody can tell the states apart. */
export function describeState(
  state: EngineState,
  catalog: Catalog,
  cuids: readonly string[],
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const tags = [...catalog.tags];
  return {
    users: cuids.map((cuid) => describeUser(state, catalog, cuid)),
    universe: Array.from({ length: state.shardCount }, (_, shard) => state.universe(shard).toArray()),
    knownUsers: state.knownUsers,
    highestGuid: state.identity.highestGuid,
    lists: [...state.lists.values()].map(({ id, name, createdAt, size }) => [id, name, createdAt, size]).sort(),
    sources: [...state.sources].sort(),
    usedTypes: [...state.usedTypes].sort(),
    retentionDay: state.retentionDay,
    appliedSequence: state.appliedSequence,
    lastWrites: tags.map((tag) => state.findTag(tag)?.lastWriteMs ?? null),
    rows: catalog.types.map((type) => [
      state.events.get(type.id)?.rows ?? 0,
      state.events.get(type.id)?.lastMs ?? null,
    ]),
    ids: cuids.map((cuid) =>
      catalog.types.map((type) =>
        Array.from({ length: 21 }, (_, id) => Number(state.ids.has(type.name, cuid, `id ${id}`, nowMs))).join(''),
      ),
    ),
    rememberedIds: state.ids.size,
  };
}

function describeUser(state: EngineState, catalog: Catalog, cuid: string): unknown {
  const guid = state.identity.lookup(cuid);
  if (guid === 0) {
    return null;
  }
  const view = new EmbeddedUserView(state, guid, cuid, catalog.tags, () => -Infinity);
  return {
    guid,
    tags: view.tagStates().map(({ tag, value, timeMs }) => [tag.name, value, timeMs]),
    rows: catalog.types
      .filter((type) => type.kind === 'event')
      .map((type) => view.events(type, null, Infinity).map((row) => [row.timeMs, [...row.properties].sort()])),
    lists: [...state.lists.keys()].filter((id) => view.inList(id)).sort(),
  };
}

/** Brings every index up to date, as questions would. @returns users with a value, over all tags. */
export function readIndexes(state: EngineState): number {
  let present = 0;
  for (const type of state.types.values()) {
    for (const tag of type.tags.values()) {
      for (let shard = 0; shard < tag.shardCount; shard++) {
        present += tag.shard(shard)?.present.size ?? 0;
      }
    }
  }
  return present;
}
