import type { Guid, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type {
  CountsAnswer,
  DistributionRequest,
  SegmentationEngine,
  TagDistribution,
  UserSet,
} from '../engine/segmentation-engine';
import type { EventRow, TagState, UserView } from '../engine/user-view';
import type { PlanNode, TimedValue } from '../plan/plan';
import { passesTest, validValue } from './reference-conditions';
import { distributionOf } from './reference-distribution';
import { meetsEventScan, meetsSequence } from './reference-rows';
import type { ReferenceStore, ReferenceUser } from './reference-store';

const BYTES_PER_GUID = 4;

/** A set of guids copied at its making. */
class ReferenceUserSet implements UserSet {
  readonly #guids: ReadonlySet<number>;

  constructor(guids: Iterable<Guid>) {
    this.#guids = new Set([...guids].sort((left, right) => left - right));
  }

  get size(): number {
    return this.#guids.size;
  }

  get bytes(): number {
    return this.#guids.size * BYTES_PER_GUID;
  }

  has(guid: Guid): boolean {
    return this.#guids.has(guid);
  }

  page(after: number, limit: number): Uint32Array {
    return Uint32Array.from([...this.#guids].filter((guid) => guid > after).slice(0, limit));
  }
}

/** One user of the reference store; reads through, so a later write shows. */
class ReferenceUserView implements UserView {
  constructor(
    readonly user: ReferenceUser,
    readonly store: ReferenceStore,
  ) {}

  get guid(): Guid {
    return this.user.guid;
  }

  get cuid(): string {
    return this.user.cuid;
  }

  tagValue(tag: TagDefinition): TimedValue | undefined {
    return storedValue(this.user, tag);
  }

  tagStates(): readonly TagState[] {
    return [...this.user.fields.values()].map(({ tag, state }) => ({ tag, value: state.value, timeMs: state.timeMs }));
  }

  events(type: TagTypeDefinition, fromMs: number | null, toMs: number): readonly EventRow[] {
    return this.store
      .rows(this.user, type)
      .filter((row) => (fromMs === null || row.timeMs >= fromMs) && row.timeMs < toMs);
  }

  inList(listId: string): boolean {
    return this.store.list(listId).has(this.user.guid);
  }

  inSnapshot(audienceId: string, version: number): boolean {
    return this.store.snapshot(audienceId, version).has(this.user.guid);
  }
}

function storedValue(user: ReferenceUser, tag: TagDefinition): TimedValue | undefined {
  const state = user.fields.get(tag.id)?.state;
  return state === undefined || state.value === null ? undefined : { value: state.value, timeMs: state.timeMs };
}

/**
 * The oracle: every node is evaluated for itself, user by user and row by row, into a plain `Set`. Slow on purpose, for tests only; it
 * shares no condition, measure or sequence code with the engines, nor does it look at the nodes' keys.
 */
export class ReferenceEngine implements SegmentationEngine {
  readonly name = 'reference';

  constructor(readonly store: ReferenceStore) {}

  get dataVersion(): number {
    return this.store.dataVersion;
  }

  async counts(nodes: readonly PlanNode[]): Promise<CountsAnswer> {
    return { counts: nodes.map((node) => this.#evaluate(node).size), dataVersion: this.dataVersion };
  }

  async materialise(node: PlanNode): Promise<{ readonly set: UserSet; readonly dataVersion: number }> {
    return { set: new ReferenceUserSet(this.#evaluate(node)), dataVersion: this.dataVersion };
  }

  async contains(
    node: PlanNode,
    guids: readonly Guid[],
  ): Promise<{ readonly members: readonly boolean[]; readonly dataVersion: number }> {
    const set = this.#evaluate(node);
    return { members: guids.map((guid) => set.has(guid)), dataVersion: this.dataVersion };
  }

  async distribution(
    node: PlanNode,
    requests: readonly DistributionRequest[],
    top: number,
  ): Promise<{
    readonly count: number;
    readonly universe: number;
    readonly tags: readonly TagDistribution[];
    readonly dataVersion: number;
  }> {
    const set = this.#evaluate(node);
    const users = this.store.users();
    const tags = requests.map(({ tag, validAfterMs }) => {
      const withValue = users.flatMap((user) => {
        const value = validValue(storedValue(user, tag), validAfterMs);
        return value === undefined ? [] : [{ value, isMember: set.has(user.guid) }];
      });
      return distributionOf(tag, withValue, top);
    });
    return { count: set.size, universe: users.length, tags, dataVersion: this.dataVersion };
  }

  user(cuid: string): UserView | undefined {
    const user = this.store.userByCuid(cuid);
    return user === undefined ? undefined : new ReferenceUserView(user, this.store);
  }

  cuidOf(guid: Guid): string | undefined {
    return this.store.userByGuid(guid)?.cuid;
  }

  guidOf(cuid: string): Guid | undefined {
    return this.store.userByCuid(cuid)?.guid;
  }

  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    return this.store.waitFor(position, timeoutMs);
  }

  #usersWhere(test: (user: ReferenceUser) => boolean): Set<Guid> {
    return new Set(
      this.store
        .users()
        .filter(test)
        .map((user) => user.guid),
    );
  }

  #evaluate(node: PlanNode): Set<Guid> {
    switch (node.kind) {
      case 'universe':
        return this.#usersWhere(() => true);
      case 'empty':
        return new Set();
      case 'profileScan':
        return this.#usersWhere((user) => node.tests.every((test) => passesTest(test, storedValue(user, test.tag))));
      case 'kvRead':
        return this.#usersWhere((user) => passesTest(node.test, storedValue(user, node.test.tag)));
      case 'eventScan':
        return this.#usersWhere((user) => meetsEventScan(node, this.store.rows(user, node.eventType)));
      case 'sequenceScan':
        return this.#usersWhere((user) => this.#hasSequence(node, user));
      case 'listRead':
        return this.#usersWhere((user) => this.store.list(node.listId).has(user.guid));
      case 'snapshotRead':
        return this.#usersWhere((user) => this.store.snapshot(node.audienceId, node.version).has(user.guid));
      case 'intersect': {
        const sets = node.inputs.map((input) => this.#evaluate(input));
        return this.#usersWhere((user) => sets.every((set) => set.has(user.guid)));
      }
      case 'union': {
        const sets = node.inputs.map((input) => this.#evaluate(input));
        return this.#usersWhere((user) => sets.some((set) => set.has(user.guid)));
      }
      case 'difference': {
        const left = this.#evaluate(node.left);
        const right = this.#evaluate(node.right);
        return this.#usersWhere((user) => left.has(user.guid) && !right.has(user.guid));
      }
      case 'threshold': {
        const sets = node.inputs.map((input) => this.#evaluate(input));
        return this.#usersWhere((user) => sets.filter((set) => set.has(user.guid)).length >= node.atLeast);
      }
    }
  }

  #hasSequence(node: Extract<PlanNode, { kind: 'sequenceScan' }>, user: ReferenceUser): boolean {
    return meetsSequence(node, (typeId) => {
      const step = node.steps.find(({ eventType }) => eventType.id === typeId);
      return step === undefined ? [] : this.store.rows(user, step.eventType);
    });
  }
}
