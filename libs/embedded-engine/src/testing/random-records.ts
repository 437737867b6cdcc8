import { RoaringBitmap32 } from '@tessera/bitmap';
import type { Catalog, FieldDefinition, FieldWrite, SourcePosition, TagMessage, TagValue } from '@tessera/tag-catalog';
import { fieldsOf } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import type { LogRecord } from '../storage/log-codec';
import type { SeededRandom } from './seeded-random';
import { DAY_MS, NOW } from './test-catalog';

const CUIDS = Array.from({ length: 12 }, (_, user) => `user ${user} é`);
const TEXTS = ['', 'a', 'b', 'é', '𝄞', 'a longer text', 'rome', 'oslo'];
const TIMES = [0, 0, 1, 1, 2, 5, 1000, DAY_MS, 3 * DAY_MS, 20 * DAY_MS];
const NUMBERS = [0, 0, 1, -1, 7, 254, 255, 65_535, 65_536, -70_000, 2 ** 31, -(2 ** 31), 2 ** 46, -(2 ** 46)];

/** Records of every kind over a dozen users, full of ties, repeats and limits. Time moves on by about an hour a record. */
export class RandomRecords {
  #step = 0;
  #lists = 0;
  #positions = new Map<string, number>();

  constructor(
    private readonly catalog: Catalog,
    private readonly random: SeededRandom,
  ) {}

  get nowMs(): number {
    return NOW + this.#step * 3_600_000;
  }

  /** Every list ever made and every cuid and id there may be. */
  static readonly cuids = CUIDS;

  next(state: EngineState): LogRecord {
    this.#step++;
    const kind = this.random.unit();
    if (kind < 0.08) {
      return { kind: 'erase', cuid: this.random.pick(CUIDS), arrivalMs: this.nowMs, source: this.#source(0) };
    }
    if (kind < 0.13) {
      return this.#list(state);
    }
    if (kind < 0.16) {
      return { kind: 'removeList', id: `list_${this.random.between(0, this.#lists)}` };
    }
    if (kind < 0.2) {
      const cuids = Array.from({ length: this.random.between(1, 3) }, () => this.random.pick(CUIDS));
      return { kind: 'bind', cuids, source: this.#source(cuids.length) };
    }
    return kind < 0.23 ? this.#retention() : this.#batch();
  }

  #list(state: EngineState): LogRecord {
    const guids = CUIDS.filter(() => this.random.chance(0.4)).map((cuid) => state.identity.lookup(cuid));
    const id = `list_${this.#lists++}`;
    return {
      kind: 'putList',
      id,
      name: this.random.pick(TEXTS),
      createdAt: new Date(this.nowMs).toISOString(),
      guids: new RoaringBitmap32([...guids, 4_000_000_000].filter((guid) => guid !== 0)),
    };
  }

  #retention(): LogRecord {
    const day = Math.floor(this.nowMs / DAY_MS);
    const firstDays = this.catalog.types
      .filter((type) => type.retentionDays !== null)
      .map((type) => [type.id, day - (type.retentionDays ?? 0)] as const);
    return { kind: 'retention', day, firstDays: new Map(firstDays) };
  }

  #batch(): LogRecord {
    const messages = Array.from({ length: this.random.between(0, 6) }, () => this.#message());
    return { kind: 'batch', batch: { arrivalMs: this.nowMs, messages }, source: this.#source(messages.length) };
  }

  /** Often none; else one that may have been seen before. */
  #source(messages: number): SourcePosition | undefined {
    if (this.random.chance(0.7)) {
      return undefined;
    }
    const source = this.random.pick(['topic-0', 'topic-1']);
    const position = (this.#positions.get(source) ?? 0) + this.random.between(-1, 2) * messages;
    this.#positions.set(source, position);
    if (messages === 0 || this.random.chance(0.3)) {
      return { source, position, mark: 1 + this.random.between(0, 2 ** 32 - 2) };
    }
    return { source, position, each: Array.from({ length: messages }, (_, index) => position - messages + 1 + index) };
  }

  #message(): TagMessage {
    const type = this.random.pick(this.catalog.types);
    const isEvent = type.kind === 'event';
    const fields = fieldsOf(type).filter(() => this.random.chance(0.4));
    const chosen = fields.length === 0 && !isEvent ? fieldsOf(type).slice(0, 1) : fields;
    return {
      type,
      cuid: this.random.pick(CUIDS),
      timeMs: this.nowMs - this.random.pick(TIMES),
      id: this.random.chance(0.5) ? `id ${this.random.between(0, 20)}` : null,
      fields: chosen.map((field) => (isEvent ? this.#set(field) : this.#write(field))),
    };
  }

  #write(field: FieldDefinition): FieldWrite {
    const kind = this.random.unit();
    if (kind < 0.15) {
      return { op: 'clear', field };
    }
    const isNumber = field.valueType === 'int' || field.valueType === 'decimal';
    if (kind < 0.45 && isNumber) {
      const limits =
        field.valueType === 'int' ? [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER] : [999_999_999_999_999];
      return {
        op: 'increment',
        field,
        by: this.random.chance(0.1) ? this.random.pick(limits) : this.random.pick(NUMBERS),
      };
    }
    if (kind < 0.6 && field.valueType === 'set') {
      const values = this.random.chance(0.05)
        ? Array.from({ length: 990 }, (_, element) => `element ${1000 + element}`)
        : [this.random.pick(TEXTS)];
      return { op: this.random.pick(['add', 'remove'] as const), field, values };
    }
    return this.#set(field);
  }

  #set(field: FieldDefinition): FieldWrite {
    return { op: 'set', field, value: this.#value(field) };
  }

  #value(field: FieldDefinition): TagValue {
    switch (field.valueType) {
      case 'bool':
        return this.random.chance(0.5);
      case 'enum':
        return this.random.pick(field.values);
      case 'string':
        return this.random.chance(0.3) ? `text of step ${this.#step}` : this.random.pick(TEXTS);
      case 'set':
        return [...new Set(TEXTS.filter(() => this.random.chance(0.3)))].sort();
      default:
        return this.random.pick(NUMBERS);
    }
  }
}
