import { checkImpliedCondition } from '@tessera/audience';
import type { AudienceDefinition, ReferencePort } from '@tessera/audience';
import { autoDeclare, Catalog, declareTagType, parseInstant, parseMessage, patchTagType } from '@tessera/tag-catalog';
import type { JsonValue, Parsed, Rejection, TagMessage } from '@tessera/tag-catalog';
import { CLOCK_START } from './script';
import type { AudienceStep } from './script';

const DECLARATION_CHECKS = { impliedCondition: checkImpliedCondition };

/** The script itself is wrong (it names what does not exist, or is not in the language): no engine is to blame. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** What stands around an engine while a script is performed: clock, catalogue, saved audiences, ids of lists. */
export class World {
  nowMs = instant(CLOCK_START);
  catalog: Catalog = Catalog.empty;
  /** Every cuid that a message or list named, in order of appearance. */
  readonly cuids = new Set<string>();
  readonly #audiences = new Map<string, AudienceDefinition[]>();
  readonly #listIds = new Map<string, string>();

  readonly references: ReferencePort = {
    audience: async (id, version) => {
      const versions = this.#audiences.get(id) ?? [];
      return version === 'latest' ? versions.at(-1) : versions.find((audience) => audience.version === version);
    },
    hasSnapshot: async () => false,
    hasList: async (id) => [...this.#listIds.values()].includes(id),
  };

  declare(json: JsonValue): void {
    this.catalog = valueOf(declareTagType(this.catalog, json, DECLARATION_CHECKS));
  }

  patch(name: string, json: JsonValue): void {
    this.catalog = valueOf(patchTagType(this.catalog, name, json, DECLARATION_CHECKS));
  }

  saveAudience(step: AudienceStep): void {
    const versions = this.#audiences.get(step.audience) ?? [];
    const { audience: id, version, timeZone = null, params = {} } = step;
    versions.push({ id, version, timeZone, params, expression: this.withListIds(step.expression) });
    this.#audiences.set(id, versions);
  }

  nameList(name: string, id: string): void {
    this.#listIds.set(name, id);
  }

  forgetList(name: string): void {
    this.#listIds.delete(name);
  }

  listId(name: string): string | undefined {
    return this.#listIds.get(name);
  }

  /** Engines choose the ids of lists, so rules name lists by the script's names. */
  withListIds(rule: JsonValue): JsonValue {
    if (Array.isArray(rule)) return (rule as readonly JsonValue[]).map((element) => this.withListIds(element));
    if (typeof rule !== 'object' || rule === null) return rule;
    return Object.fromEntries(
      Object.entries(rule).map(([key, value]: [string, JsonValue]) => [
        key,
        key === 'list' && typeof value === 'string' ? (this.#listIds.get(value) ?? value) : this.withListIds(value),
      ]),
    );
  }

  /** A message read against the catalogue at its arrival, now; declares what its type declares by itself. */
  read(raw: JsonValue): TagMessage | Rejection {
    let parsed = parseMessage(this.catalog, raw, this.nowMs);
    if (parsed.kind === 'undeclared') {
      this.catalog = valueOf(autoDeclare(this.catalog, parsed.typeName, parsed.fields));
      parsed = parseMessage(this.catalog, raw, this.nowMs);
    }
    if (parsed.kind === 'undeclared') throw new ScriptError(`still undeclared: ${JSON.stringify(raw)}`);
    if (parsed.kind === 'rejected') return parsed.rejection;
    this.cuids.add(parsed.message.cuid);
    return parsed.message;
  }
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new ScriptError(JSON.stringify(parsed.errors));
}

export function instant(text: string): number {
  const instantMs = parseInstant(text);
  if (instantMs === null) throw new ScriptError(`${text} is no instant`);
  return instantMs;
}
