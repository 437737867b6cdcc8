import { checkImpliedCondition } from '@tessera/audience';
import type { FieldStatisticsReader } from '@tessera/audience';
import { declareTagType, describeTagType, findImpliedUses, patchTagType, removeTagType } from '@tessera/tag-catalog';
import type {
  Catalog,
  CatalogStore,
  DeclarationChecks,
  JsonValue,
  LocatedError,
  Parsed,
  TagTypeDefinition,
} from '@tessera/tag-catalog';
import { HttpProblem, invalidRequestOf, notFound } from '../problem/http-problem';

const CHECKS: DeclarationChecks = { impliedCondition: checkImpliedCondition };

/** What a tag type and the rest of the catalogue disagree about: 409, the body itself is fine. */
const CONFLICT_CODES: ReadonlySet<string> = new Set(['nameTaken', 'immutable']);

/** Declares, changes and removes tag types. */
export class TagTypeDesk {
  constructor(
    private readonly catalogStore: CatalogStore,
    private readonly statistics: FieldStatisticsReader,
    /** Names that no tag type can have here. */
    private readonly namesTaken: ReadonlySet<string> = new Set(),
  ) {}

  list(): readonly JsonValue[] {
    return this.catalogStore.current().types.map(describeTagType);
  }

  /** @throws HttpProblem 404. */
  get(name: string): JsonValue {
    return describeTagType(findType(this.catalogStore.current(), name));
  }

  /** @throws HttpProblem 400 with places in the body, 409 for a name that is taken. */
  async declare(json: unknown): Promise<JsonValue> {
    let name = '';
    const catalog = await this.catalogStore.update((current) => {
      const declared = valueOf(declareTagType(current, json, CHECKS));
      name = declared.types.find((type) => current.type(type.name) === undefined)?.name ?? '';
      if (this.namesTaken.has(name)) throw nameReserved(name);
      return declared;
    });
    return describeTagType(findType(catalog, name));
  }

  /** @throws HttpProblem 404, 400 with places in the body, 409 for what can't change. */
  async patch(name: string, json: unknown): Promise<JsonValue> {
    const catalog = await this.catalogStore.update((current) => {
      findType(current, name);
      return valueOf(patchTagType(current, name, json, CHECKS));
    });
    return describeTagType(findType(catalog, name));
  }

  /** @throws HttpProblem 404, 409 naming what uses it, 501 where nobody can say whether it has data. */
  async remove(name: string): Promise<void> {
    const { statistics } = this;
    await this.catalogStore.update(async (current) => {
      const type = findType(current, name);
      const uses = await usesOf(current, type, statistics);
      if (uses.length > 0) {
        const message = `The tag type "${name}" is in use: ${uses.join('; ')}. Remove these first`;
        throw new HttpProblem('conflict', message, { errors: [{ path: '', code: 'inUse', message }] });
      }
      return removeTagType(current, name);
    });
  }
}

async function usesOf(
  catalog: Catalog,
  type: TagTypeDefinition,
  statistics: FieldStatisticsReader,
): Promise<readonly string[]> {
  const implied = findImpliedUses(catalog, type.name).map((tag) => `implied conditions of the tag "${tag.name}"`);
  if (!(await statistics.hasData(type))) return implied;
  const data = await dataOf(type, statistics);
  return [...(data.length > 0 ? data : ['stored data']), ...implied];
}

async function dataOf(type: TagTypeDefinition, statistics: FieldStatisticsReader): Promise<readonly string[]> {
  if (type.kind === 'event') return [`${(await statistics.eventRows(type)).rows} stored rows`];
  const each = await statistics.tagStatistics(type.tags);
  return type.tags
    .map((tag, index) => ({ tag, users: each[index]?.coverage ?? 0 }))
    .filter(({ users }) => users > 0)
    .map(({ tag, users }) => `values of the tag "${tag.name}" for ${users} users`);
}

function nameReserved(name: string): HttpProblem {
  const message = `the name "${name}" belongs to the system; choose another`;
  return new HttpProblem('invalid-request', message, { errors: [{ path: '/name', code: 'reservedName', message }] });
}

function findType(catalog: Catalog, name: string): TagTypeDefinition {
  const type = catalog.type(name);
  if (type !== undefined) return type;
  const shown = JSON.stringify(name.slice(0, 100));
  throw notFound('', 'unknownType', `There is no tag type ${shown}; GET /v1/tag-types lists them`);
}

function valueOf(parsed: Parsed<Catalog>): Catalog {
  if (parsed.ok) return parsed.value;
  if (parsed.errors.some((error) => error.code === 'unknownType')) throw problemOf('not-found', parsed.errors);
  if (parsed.errors.every((error) => CONFLICT_CODES.has(error.code))) throw problemOf('conflict', parsed.errors);
  throw invalidRequestOf(parsed.errors);
}

function problemOf(slug: 'not-found' | 'conflict', errors: readonly LocatedError[]): HttpProblem {
  return new HttpProblem(slug, errors[0]?.message ?? '', { errors });
}
