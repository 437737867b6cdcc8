import { isJsonObject, pointer, quote } from '@tessera/tag-catalog';
import type { Catalog, JsonValue, ValueLimits } from '@tessera/tag-catalog';
import { ErrorCollector } from './error-collector';
import type { AudienceNode, Expression } from './expression';
import { EXPRESSION_NODES_MAX, ID_LENGTH_MAX, LIST_VALUES_TOTAL_MAX } from './limits';
import { NameAdviser } from './name-adviser';
import { showJson } from './show-json';

export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** A reference that binding has met and that has still to be looked up. */
export type PendingReference =
  | { readonly kind: 'list'; readonly scope: BindingScope; readonly path: string; readonly listId: string }
  | {
      readonly kind: 'audience';
      readonly scope: BindingScope;
      readonly path: string;
      readonly depth: number;
      readonly wanted: number | 'latest';
      /** Its version and child are put in when the audience is known. */
      readonly node: Draft<AudienceNode>;
    };

/** What one binding shares over the expression and the audiences it uses. */
export class BindingState {
  readonly errors = new ErrorCollector();
  readonly pending: PendingReference[] = [];
  readonly adviser: NameAdviser;
  /** Bound implied conditions by tag and zone: a tag used a thousand times has them once. */
  readonly implied = new Map<string, readonly Expression[]>();
  /** Patterns found sound, each compiled once. */
  readonly patterns = new Set<string>();
  patternInstructions = 0;
  nodes = 0;
  listValues = 0;
  #exhausted = false;

  constructor(
    readonly catalog: Catalog,
    readonly valueLimits: ValueLimits | undefined,
    readonly nodesMax: number = EXPRESSION_NODES_MAX,
  ) {
    this.adviser = new NameAdviser(catalog);
  }

  /** True once going on makes no sense: the error list is full, or a limit on the whole was passed. */
  get stopped(): boolean {
    return this.#exhausted || this.errors.full;
  }

  stop(): void {
    this.#exhausted = true;
  }
}

/** Where the expression being bound stands: at the top, or inside an audience that a node of the outer one uses. */
export interface AudienceSite {
  /** Place of the outermost audience node, in the expression as sent. */
  readonly path: string;
  /** Ids from the outermost audience to this one. */
  readonly ids: readonly string[];
  /** `id@version` of the same. */
  readonly keys: readonly string[];
  /** Nesting of all enclosing nodes together. */
  readonly depth: number;
}

/** A value's place once a parameter is put in: the JSON that stands there. */
export interface GivenValue {
  readonly json: unknown;
  readonly path: string;
  /** The parameter it came from, or null. */
  readonly param: string | null;
}

/** What holds for all nodes of one expression: its zone and parameters, and how to report an error in it. */
export class BindingScope {
  constructor(
    readonly state: BindingState,
    readonly timeZone: string,
    readonly params: ReadonlyMap<string, unknown>,
    readonly site: AudienceSite | null = null,
    /** True inside an implied condition of a tag, where references and parameters are not allowed. */
    readonly implied = false,
  ) {}

  /** Reports an error; `null`, so that a caller can return it as "no result". */
  report(path: string, code: string, message: string): null {
    if (this.site === null) {
      this.state.errors.add(path, code, message);
    } else {
      const inside = this.site.ids.map((id) => quote(id)).join(' → ');
      this.state.errors.add(this.site.path, code, `In audience ${inside} at ${quote(path)}: ${message}`);
    }
    return null;
  }

  /** As `report`, naming the parameter that the value came from. */
  reportValue(given: GivenValue, code: string, message: string): null {
    return this.report(
      given.path,
      code,
      given.param === null ? message : `Parameter ${quote(given.param)}: ${message}`,
    );
  }

  /** Puts a parameter in where `{"param": name}` stands for a value; null after reporting that it can't be. */
  give(json: unknown, path: string): GivenValue | null {
    if (!isJsonObject(json) || !Object.hasOwn(json, 'param')) return { json, path, param: null };
    if (this.implied) {
      return this.report(
        path,
        'notAllowed',
        'Parameters are not allowed in an implied condition; write the value itself.',
      );
    }
    const fields = this.readObject(json, path, 'a parameter', ['param']);
    const name = fields?.get('param');
    if (typeof name !== 'string' || name.length === 0 || name.length > ID_LENGTH_MAX) {
      return this.report(
        pointer(path, 'param'),
        'wrongType',
        `A parameter's name is a string of 1 to ${ID_LENGTH_MAX} characters, not ${showJson(name)}.`,
      );
    }
    const value = this.params.get(name);
    if (value !== undefined) return { json: value, path, param: name };
    return this.report(
      path,
      'missingParam',
      `Parameter ${quote(name)} has neither a value nor a default; give it one in "params".`,
    );
  }

  /** Counts the values of a list against the limit on all lists together; false after reporting that it is passed. */
  countListValues(given: GivenValue, values: number): boolean {
    this.state.listValues += values;
    if (this.state.listValues <= LIST_VALUES_TOTAL_MAX) return true;
    this.reportValue(
      given,
      'tooManyValues',
      `The lists of this expression hold more than ${LIST_VALUES_TOTAL_MAX} values together; use fewer or shorter lists.`,
    );
    this.state.stop();
    return false;
  }

  /**
   * Reads an object whose keys are all known, into a map (so that keys such as `__proto__` are only names). Unknown keys are
   * reported and left out; null after reporting that it is no object.
   */
  readObject(json: unknown, path: string, what: string, keys: readonly string[]): ReadonlyMap<string, unknown> | null {
    if (!isJsonObject(json)) {
      return this.report(path, 'wrongType', `Expected ${what} as an object, found ${showJson(json)}.`);
    }
    const fields = new Map<string, unknown>();
    for (const key of Object.keys(json)) {
      if (keys.includes(key)) {
        if (json[key] !== undefined) fields.set(key, json[key]);
        continue;
      }
      this.report(
        pointer(path, key),
        'unknownKey',
        `${quote(key)} is no key of ${what}; allowed are ${keys.join(', ')}.`,
      );
      if (this.state.stopped) break;
    }
    return fields;
  }

  /** A required text key that holds a name; null after reporting that it is missing or no string. */
  readName(fields: ReadonlyMap<string, unknown>, key: string, path: string, what: string): string | null {
    const name = fields.get(key);
    if (typeof name === 'string') return name;
    if (name === undefined) return this.report(path, 'missingKey', `${what} needs "${key}".`);
    return this.report(pointer(path, key), 'wrongType', `"${key}" of ${what} is a string, not ${showJson(name)}.`);
  }
}

/** Parameters or defaults as a map. */
export function paramMap(params: { readonly [name: string]: JsonValue }): Map<string, unknown> {
  return new Map<string, unknown>(Object.entries(params));
}
