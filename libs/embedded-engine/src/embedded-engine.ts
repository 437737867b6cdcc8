import type {
  CountsAnswer,
  DistributionRequest,
  PlanNode,
  ProfileReader,
  ProfileView,
  ReadUser,
  SegmentationEngine,
  TagDistribution,
  TagStatistics,
  UserSet,
} from '@tessera/audience';
import {
  type BatchOutcome,
  type ErasureOutcome,
  type Guid,
  type MessageBatch,
  type SourcePosition,
  type SourceProgress,
  StoreUnavailableError,
  type TagDefinition,
  type TagStore,
  type TagTypeDefinition,
} from '@tessera/tag-catalog';
import { BulkImport } from './bulk-import';
import { EmbeddedStatistics } from './embedded-statistics';
import { EmbeddedUserReader } from './embedded-user-reader';
import type { EmbeddedEngineOptions, EngineStatus } from './engine-options';
import { EngineMemory } from './engine-memory';
import { EngineState } from './engine-state';
import { EngineWriter } from './engine-writer';
import { answerContains, answerDistribution, answerSet, type Evaluation } from './evaluate/answer';
import { CountDesk } from './evaluate/count-desk';
import { countDistinctValues } from './evaluate/distribution';
import { DAY_MS, dayOf } from './events/event-bucket';
import { EmbeddedListStore } from './lists/embedded-list-store';
import { Pace, ReadTurns } from './pace';
import { ignore, openParallel, type Parallel } from './parallel/open-parallel';
import { logBytesForCheckpoint, totalBytes } from './state-bytes';
import { loadCheckpoint } from './storage/checkpoint';
import { ProfileSnapshot } from './profile-snapshot';
import { EmbeddedUserView } from './user-view';
import { type Verification, verifyState } from './verify-state';

const ID_ENTRIES_MAX = 50_000_000;
const DONE = Promise.resolve();

/**
 * The embedded engine (DESIGN section 7): state in memory, made durable by the log and by checkpoints in one data directory.
 * A write is acknowledged when its record is on disk and applied. Reads are synchronous over one state, so they see whole batches only.
 */
export class EmbeddedEngine implements TagStore, SegmentationEngine, ProfileReader {
  readonly name = 'embedded';
  readonly lists: EmbeddedListStore;
  readonly users = new EmbeddedUserReader(this);
  readonly statistics = new EmbeddedStatistics(this);
  readonly #distinct = new Map<number, { readonly changes: number; readonly distinct: number }>();
  readonly #turns: ReadTurns;
  readonly #countDesk: CountDesk;
  readonly #memory: EngineMemory;
  #retentionStep: Promise<void> | null = null;

  private constructor(
    private readonly options: EmbeddedEngineOptions,
    private readonly state: EngineState,
    private readonly writer: EngineWriter,
    private readonly parallel: Parallel | null,
  ) {
    this.#turns = new ReadTurns({
      pauseApply: () => writer.pauseApply(),
      waitFor: (position, timeoutMs) => writer.waitFor(position, timeoutMs),
      get lastSequence() {
        return options.directory.log.lastSequence;
      },
    });
    this.#countDesk = new CountDesk(parallel?.pool ?? null, options);
    this.#memory = new EngineMemory(
      state,
      () => this.#countDesk.bytes + writer.pendingBytes,
      options.checkpointLogBytes === 0 ? null : () => writer.checkpoint(),
    );
    this.#memory.start();
    this.lists = new EmbeddedListStore(state, writer, options.clock);
  }

  /** Loads the last checkpoint and replays the log after it. */
  static async open(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
    const { directory } = options;
    const idSeed = new Uint32Array(4);
    for (let word = 0; word < idSeed.length; word++) {
      idSeed[word] = directory.secret.readUInt32LE(word * 4);
    }
    const parallel = openParallel(options);
    const state = new EngineState(options.identity, {
      idSeed,
      idEntriesMax: options.idEntriesMax ?? ID_ENTRIES_MAX,
      memory: { bytesMax: options.memoryBytesMax ?? Infinity, read: (key) => directory.chunks.get(key) },
      ...(parallel === null ? {} : { indexBuilder: parallel.indexBuilder }),
    });
    state.residency.measureWith(() => totalBytes(state));
    state.tracker.onLetGo((key) => parallel?.pool.forgetRows(key));
    loadCheckpoint(state, directory.chunks, options.catalog());
    const writer = new EngineWriter(state, {
      log: directory.log,
      chunks: directory.chunks,
      catalog: options.catalog,
      checkpointLogBytes: () => options.checkpointLogBytes ?? logBytesForCheckpoint(state),
      onBackgroundError: options.onBackgroundError ?? ignore,
    });
    await writer.replay();
    parallel?.indexBuilder.buildAll(state);
    return new EmbeddedEngine(options, state, writer, parallel);
  }

  // Writes

  async apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome> {
    checkSource(source, batch.messages.length);
    this.#memory.refuseIfOver();
    const { applied, sequence } = await this.writer.write({ kind: 'batch', batch, source });
    return { verdicts: applied.verdicts, position: sequence };
  }

  async bind(cuids: readonly string[], source?: SourcePosition): Promise<BatchOutcome> {
    checkSource(source, cuids.length);
    this.#memory.refuseIfOver();
    const { applied, sequence } = await this.writer.write({ kind: 'bind', cuids, source });
    return { verdicts: applied.verdicts, position: sequence };
  }

  async erase(cuid: string, arrivalMs: number, source?: SourcePosition): Promise<ErasureOutcome> {
    checkSource(source, 0);
    // Nothing to do, unless a batch under way binds the cuid: the erasure then comes after it in the log. Its source has come further in any case.
    if (source === undefined && this.state.identity.lookup(cuid) === 0 && !this.writer.isBusy) {
      return { erased: false, position: this.state.appliedSequence };
    }
    const { applied, sequence } = await this.writer.write({ kind: 'erase', cuid, arrivalMs, source });
    return { erased: applied.found, position: sequence };
  }

  progressOf(source: string): SourceProgress | null {
    return this.state.sources.get(source) ?? null;
  }

  // Questions about sets

  counts(nodes: readonly PlanNode[]): Promise<CountsAnswer> {
    return this.#answer((evaluation, pace) => this.#countDesk.counts(evaluation, nodes, pace));
  }

  materialise(node: PlanNode): Promise<{ readonly set: UserSet; readonly dataVersion: number }> {
    return this.#answer((evaluation, pace) => answerSet(evaluation, node, pace));
  }

  contains(
    node: PlanNode,
    guids: readonly Guid[],
  ): Promise<{ readonly members: readonly boolean[]; readonly dataVersion: number }> {
    return this.#answer((evaluation) => answerContains(evaluation, node, guids, (guid) => this.#view(guid)));
  }

  distribution(
    node: PlanNode,
    requests: readonly DistributionRequest[],
    top: number,
  ): Promise<{
    readonly count: number;
    readonly universe: number;
    readonly tags: readonly TagDistribution[];
    readonly dataVersion: number;
  }> {
    return this.#answer((evaluation, pace) => answerDistribution(evaluation, node, { tags: requests, top }, pace));
  }

  // Single users

  get dataVersion(): number {
    return this.state.appliedSequence;
  }

  user(cuid: string): ReadUser | undefined {
    this.#refuseIfFailed();
    const guid = this.state.identity.lookup(cuid);
    return guid === 0 ? undefined : this.#view(guid);
  }

  /** All of one moment. */
  async profiles(
    users: readonly { readonly guid: Guid }[],
    tags: Iterable<TagDefinition>,
  ): Promise<readonly (ProfileView | undefined)[]> {
    this.#refuseIfFailed();
    const shown = [...tags];
    return users.map(({ guid }) => {
      const view = this.#view(guid, shown);
      return view === undefined ? undefined : new ProfileSnapshot(view);
    });
  }

  cuidOf(guid: Guid): string | undefined {
    return this.state.isKnown(guid) ? this.state.identity.cuidOf(guid) : undefined;
  }

  guidOf(cuid: string): Guid | undefined {
    const guid = this.state.identity.lookup(cuid);
    return guid === 0 ? undefined : guid;
  }

  waitFor(position: number, timeoutMs: number): Promise<boolean> {
    return this.writer.waitFor(position, timeoutMs);
  }

  // Statistics

  tagStatistics(tag: TagDefinition): TagStatistics {
    const held = this.state.findTag(tag);
    return {
      coverage: held?.coverage ?? 0,
      distinct: this.#distinctOf(tag),
      lastWriteMs: held?.lastWriteMs ?? null,
      bytes: held?.bytes ?? 0,
    };
  }

  hasData(type: TagTypeDefinition): boolean {
    return this.state.usedTypes.has(type.id) || this.writer.isUnderWay(type.id);
  }

  eventRows(type: TagTypeDefinition): {
    readonly rows: number;
    readonly lastMs: number | null;
    readonly bytes: number;
  } {
    const held = this.state.events.get(type.id);
    return { rows: held?.rows ?? 0, lastMs: held?.lastMs ?? null, bytes: held?.bytes ?? 0 };
  }

  status(): EngineStatus {
    const { ids, identity, knownUsers } = this.state;
    return {
      users: knownUsers,
      highestGuid: identity.highestGuid,
      dataVersion: this.dataVersion,
      checkpointSequence: this.writer.checkpointSequence,
      rememberedIds: ids.size,
      rememberedIdsMax: ids.entriesMax,
      logBytes: this.options.directory.log.bytes,
      indexesToBuild: this.parallel?.indexBuilder.waiting ?? 0,
      threadTasks: this.parallel?.pool.tasks ?? 0,
      bytes: this.#memory.parts,
      memory: this.#memory.status,
    };
  }

  /** Bytes in memory by tag (`type.tag`) and by event type, and of the write times. */
  memoryByField(): ReturnType<EngineMemory['byField']> {
    return this.#memory.byField();
  }

  /** Lets an import fill the engine past the log; other writes are refused until it is finished. */
  async bulkImport(): Promise<BulkImport> {
    const release = await this.writer.exclude('An import is under way; send the batch again when it is finished.');
    return new BulkImport(this.state, async () => {
      await this.writer.checkpoint();
      release();
      this.parallel?.indexBuilder.buildAll(this.state);
    });
  }

  // Upkeep

  /** Writes what has changed to disk and cuts the log. One at a time: a call during one waits for it and makes another. */
  checkpoint(): Promise<void> {
    return this.writer.checkpoint();
  }

  /** Compares everything that is stored twice; see `verifyState`. */
  verify(): Verification {
    return verifyState(this.state);
  }

  /** Finishes the writes under way, makes a last checkpoint, takes no more writes. The directory stays open: its owner closes it. */
  async close(): Promise<void> {
    this.#memory.stop();
    await this.writer.close();
    await this.parallel?.stop();
  }

  /** Stops without a checkpoint, as a crash would but for the writes under way; for tests of the log's replay. */
  async abandon(): Promise<void> {
    this.#memory.stop();
    await this.writer.stop();
    await this.parallel?.stop();
  }

  #view(guid: Guid, tags = this.options.catalog().tags): ReadUser | undefined {
    const cuid = this.cuidOf(guid);
    const day = Math.max(dayOf(this.options.clock()), this.state.retentionDay);
    return cuid === undefined
      ? undefined
      : new EmbeddedUserView(this.state, guid, cuid, tags, (type) => this.#keptFromMs(type, day));
  }

  /** Answers a question of one data version, and of one day: a midnight in its middle changes nothing. */
  async #answer<T>(answer: (evaluation: Evaluation, pace: Pace) => T | Promise<T>): Promise<T> {
    this.#refuseIfFailed();
    const today = dayOf(this.options.clock());
    await this.#stepRetention(today);
    const pace = new Pace(this.#turns);
    try {
      const day = Math.max(today, this.state.retentionDay);
      const answered = await answer({ state: this.state, keptFrom: (type) => this.#keptFromMs(type, day) }, pace);
      // What came of a state that no longer agrees with the log is no answer.
      this.#refuseIfFailed();
      return answered;
    } finally {
      pace.end();
    }
  }

  #refuseIfFailed(): void {
    if (this.writer.failure !== null) {
      throw new StoreUnavailableError(this.writer.failure, false);
    }
  }

  /** Rows of the type before this instant count nowhere: the last UTC midnight − retention. */
  #keptFromMs(type: TagTypeDefinition, day: number): number {
    const { retentionDays } = this.options.catalog().typeById(type.id) ?? type;
    return retentionDays === null ? -Infinity : (day - retentionDays) * DAY_MS;
  }

  /** On the first question of a UTC day, rows past their retention are dropped, which makes a new data version. */
  #stepRetention(day: number): Promise<void> {
    if (day <= this.state.retentionDay) {
      return DONE;
    }
    this.#retentionStep ??= this.#dropExpiredRows(day).finally(() => {
      this.#retentionStep = null;
    });
    return this.#retentionStep;
  }

  async #dropExpiredRows(day: number): Promise<void> {
    const firstDays = new Map<number, number>();
    for (const type of this.options.catalog().types) {
      if (type.kind === 'event' && type.retentionDays !== null) {
        firstDays.set(type.id, day - type.retentionDays);
      }
    }
    if (firstDays.size === 0) {
      return;
    }
    try {
      await this.writer.write({ kind: 'retention', day, firstDays });
    } catch (error) {
      // Where the log takes no writes, reads go on: the rows are left out of every answer all the same, and dropped later.
      if (!(error instanceof StoreUnavailableError)) {
        throw error;
      }
      this.#refuseIfFailed();
    }
  }

  #distinctOf(tag: TagDefinition): number {
    const changes = this.state.findTag(tag)?.changes ?? 0;
    const known = this.#distinct.get(tag.id);
    if (known?.changes === changes) {
      return known.distinct;
    }
    const distinct = countDistinctValues(this.state, tag);
    this.#distinct.set(tag.id, { changes, distinct });
    return distinct;
  }
}

/** Read back wrong, a position would make the log unreadable, or records be applied twice. */
function checkSource(source: SourcePosition | undefined, messages: number): void {
  if (source === undefined) {
    return;
  }
  const { position, mark = 1, each = [] } = source;
  if (source.source === '') {
    throw new RangeError('A source position needs the name of its source: an empty one stands for none in the log.');
  }
  const isAscending = each.every((at, index) => Number.isSafeInteger(at) && at <= (each[index + 1] ?? position));
  if (!Number.isInteger(mark) || mark < 1 || mark >= 2 ** 32) {
    throw new RangeError(
      `The mark of a position of ${source.source} is ${mark}, not a whole number from 1 to 2^32 − 1.`,
    );
  }
  if (!Number.isSafeInteger(position) || !isAscending || (each.length > 0 && each.length !== messages)) {
    throw new RangeError(
      `Positions of ${source.source} must be safe integers, one for each message, ascending, up to ${position}.`,
    );
  }
}
