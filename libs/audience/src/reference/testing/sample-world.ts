import type { JsonValue, Parsed, TagMessage, Verdict } from '@tessera/tag-catalog';
import { Catalog, declareTagType, parseMessage } from '@tessera/tag-catalog';
import { bindExpression } from '../../expression/bind-expression';
import type { AudienceDefinition, Expression, ReferencePort } from '../../expression/expression';
import { buildPlan } from '../../plan/build-plan';
import { ReferenceEngine } from '../reference-engine';
import { ReferenceStore } from '../reference-store';

// Tag types with every value type, for specs.
const TAG_TYPES: readonly JsonValue[] = [
  {
    name: 'customer',
    kind: 'profile',
    tags: [
      { name: 'active', valueType: 'bool' },
      { name: 'level', valueType: 'int' },
      { name: 'spend', valueType: 'decimal', scale: 2 },
      { name: 'city', valueType: 'string' },
      { name: 'tier', valueType: 'enum', values: ['bronze', 'silver', 'gold'] },
      { name: 'birthday', valueType: 'date' },
      { name: 'seen_at', valueType: 'datetime' },
      { name: 'labels', valueType: 'set' },
      { name: 'mood', valueType: 'int', ttl: 'P1D' },
      {
        name: 'balance',
        valueType: 'decimal',
        scale: 4,
        impliedConditions: [{ tag: 'active', op: 'eq', value: true, onMissing: 'include' }],
      },
    ],
  },
  {
    name: 'interest',
    kind: 'kv',
    tags: [
      { name: 'hobby', valueType: 'string', ttl: 'P2D' },
      { name: 'score', valueType: 'int' },
    ],
  },
  {
    name: 'order_paid',
    kind: 'event',
    retentionDays: 30,
    properties: [
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'quantity', valueType: 'int' },
      { name: 'category', valueType: 'string' },
      { name: 'due', valueType: 'date' },
      { name: 'shipped_at', valueType: 'datetime' },
      { name: 'gifts', valueType: 'set' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
];

export function orThrow<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

export function sampleCatalog(): Catalog {
  return TAG_TYPES.reduce<Catalog>((catalog, json) => orThrow(declareTagType(catalog, json)), Catalog.empty);
}

/** The reference store with a clock that only moves when told to, taking messages and expressions as they are sent. */
export class SampleWorld {
  nowMs: number;
  readonly catalog = sampleCatalog();
  readonly store: ReferenceStore;
  readonly engine: ReferenceEngine;
  readonly audiences = new Map<string, AudienceDefinition>();

  constructor(now: string, idMemory?: number) {
    this.nowMs = Date.parse(now);
    this.store = new ReferenceStore({ nowMs: () => this.nowMs, ...(idMemory === undefined ? {} : { idMemory }) });
    this.engine = new ReferenceEngine(this.store);
  }

  message(type: string, cuid: string, body: JsonValue, header: { time?: string; id?: string } = {}): TagMessage {
    const parsed = parseMessage(this.catalog, { header: { type, cuid, ...header }, body }, this.nowMs);
    if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));
    return parsed.message;
  }

  /** Sends one message now; answers `accepted`, `stale`, `duplicate` or the code of the rejection. */
  async send(
    type: string,
    cuid: string,
    body: JsonValue,
    header: { time?: string; id?: string } = {},
  ): Promise<string> {
    const messages = [this.message(type, cuid, body, header)];
    const { verdicts } = await this.store.apply({ arrivalMs: this.nowMs, messages });
    return verdicts.map(verdictCode).join();
  }

  async bind(json: unknown, timeZone = 'UTC'): Promise<Expression> {
    const references: ReferencePort = {
      audience: async (id) => this.audiences.get(id),
      hasSnapshot: async () => true,
      hasList: async () => true,
    };
    return orThrow(await bindExpression(json, { catalog: this.catalog, references, timeZone }));
  }

  /** The cuids in the expression's set, in guid order. */
  async members(json: unknown, asOfMs: number = this.nowMs, timeZone = 'UTC'): Promise<string[]> {
    const plan = buildPlan(await this.bind(json, timeZone), { asOfMs, rewrites: false });
    const { set } = await this.engine.materialise(plan.root);
    return [...this.store.users()].filter((user) => set.has(user.guid)).map((user) => user.cuid);
  }
}

export function verdictCode(verdict: Verdict): string {
  return typeof verdict === 'string' ? verdict : verdict.code;
}
