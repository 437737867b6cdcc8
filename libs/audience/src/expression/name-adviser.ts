import { quote } from '@tessera/tag-catalog';
import type { Catalog, FieldDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { closestName } from './suggest-name';

/** Looking for near names walks the whole catalogue: done for the first errors only, so that bad input can't buy much time. */
const SEARCHES_MAX = 20;
const SHOWN_NAMES_MAX = 8;

/** Says what may have been meant by a name that the catalogue does not have at that place. */
export class NameAdviser {
  readonly #catalog: Catalog;
  #searches = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  forTag(name: string): string {
    const type = this.#catalog.type(name);
    if (type?.kind === 'event') return `It is an event: write {"event": ${quote(name)}, "op": …, "value": …}.`;
    if (type !== undefined) return `It is a tag type; ${list('its tags are', type.tags)}.`;
    const owner = this.#ownerOf(name);
    if (owner !== null) {
      return `It is a property of the event ${quote(owner)}: use it in the "where" or "measure" of an event node.`;
    }
    const near = this.#closest(name, () => names(this.#catalog.tags));
    return near ?? 'Declare it, or pick a tag of the catalogue.';
  }

  forEvent(name: string): string {
    const tag = this.#catalog.tag(name);
    if (tag !== undefined) return `It is a tag: write {"tag": ${quote(name)}, "op": …, "value": …}.`;
    const type = this.#catalog.type(name);
    if (type !== undefined) return `It is a tag type of kind ${type.kind}; ${list('its tags are', type.tags)}.`;
    const owner = this.#ownerOf(name);
    if (owner !== null) return `It is a property of the event ${quote(owner)}, not an event itself.`;
    const near = this.#closest(name, () => names(this.#catalog.types.filter((other) => other.kind === 'event')));
    return near ?? 'Declare it as a tag type of kind event, or pick one of the catalogue.';
  }

  forProperty(name: string, type: TagTypeDefinition): string {
    const near = this.#closest(name, () => names(type.properties));
    if (near !== null) return near;
    const owner = this.#ownerOf(name);
    if (owner !== null) return `The event ${quote(owner)} has it; ${list('those of this event are', type.properties)}.`;
    const tag = this.#catalog.tag(name);
    const hint = tag === undefined ? '' : 'It is a tag, which is tested by a tag node of its own. ';
    return `${hint}${capitalise(list('its properties are', type.properties))}.`;
  }

  /** For an audience or list that is not there. */
  forReference(name: string): string {
    if (this.#catalog.tag(name) !== undefined) return `${quote(name)} is a tag: write {"tag": ${quote(name)}, …}.`;
    return 'Check the id.';
  }

  #ownerOf(property: string): string | null {
    if (!this.#maySearch()) return null;
    for (const type of this.#catalog.types) {
      if (type.properties.some((candidate) => candidate.name === property)) return type.name;
    }
    return null;
  }

  #closest(name: string, candidates: () => Iterable<string>): string | null {
    if (!this.#maySearch()) return null;
    const closest = closestName(name, candidates());
    return closest === null ? null : `Did you mean ${quote(closest)}?`;
  }

  #maySearch(): boolean {
    this.#searches += 1;
    return this.#searches <= 2 * SEARCHES_MAX;
  }
}

function* names(definitions: Iterable<{ readonly name: string }>): Iterable<string> {
  for (const definition of definitions) yield definition.name;
}

function list(lead: string, fields: readonly FieldDefinition[]): string {
  if (fields.length === 0) return `${lead.replace(' are', '')}: none`;
  const shown = fields.slice(0, SHOWN_NAMES_MAX).map((field) => field.name);
  return `${lead} ${shown.join(', ')}${fields.length > SHOWN_NAMES_MAX ? ', …' : ''}`;
}

function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
