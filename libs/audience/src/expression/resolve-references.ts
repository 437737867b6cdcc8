import { quote } from '@tessera/tag-catalog';
import { bindNode } from './bind-node';
import { BindingScope, paramMap } from './binding-scope';
import type { AudienceSite, BindingState, PendingReference } from './binding-scope';
import { checkTimeZone } from './check-time-zone';
import type { AudienceDefinition, ReferencePort } from './expression';
import { AUDIENCE_NESTING_MAX } from './limits';

type PendingAudience = Extract<PendingReference, { readonly kind: 'audience' }>;

/**
 * Looks up every list and audience met so far, and those that the audiences use in turn, until none is left. A queue, not a
 * recursion: a chain of audiences costs no stack. Equal look-ups are made once. Rejects if the port does.
 */
export async function resolveReferences(state: BindingState, references: ReferencePort): Promise<void> {
  const lookups = new Lookups(references);
  // Grows while it is walked: audiences add the references inside them.
  for (const reference of state.pending) {
    if (state.stopped) return;
    if (reference.kind === 'audience') {
      await resolveAudience(reference, lookups);
    } else if (!(await lookups.hasList(reference.listId))) {
      const id = reference.listId;
      const advice =
        (await lookups.audience(id, 'latest')) === undefined
          ? state.adviser.forReference(id)
          : `It is an audience: write {"audience": ${quote(id)}}.`;
      reference.scope.report(reference.path, 'unknownList', `There is no list ${quote(id)}. ${advice}`);
    }
  }
}

/** Remembers the answers of the port for one binding, so that all its parts see the same. */
class Lookups {
  readonly #references: ReferencePort;
  readonly #audiences = new Map<string, AudienceDefinition | undefined>();
  readonly #flags = new Map<string, boolean>();

  constructor(references: ReferencePort) {
    this.#references = references;
  }

  async audience(id: string, version: number | 'latest'): Promise<AudienceDefinition | undefined> {
    const key = `${version} ${id}`;
    if (!this.#audiences.has(key)) this.#audiences.set(key, await this.#references.audience(id, version));
    return this.#audiences.get(key);
  }

  hasList(id: string): Promise<boolean> {
    return this.#flag(`list ${id}`, () => this.#references.hasList(id));
  }

  hasSnapshot(id: string, version: number): Promise<boolean> {
    return this.#flag(`${version} ${id}`, () => this.#references.hasSnapshot(id, version));
  }

  async #flag(key: string, ask: () => Promise<boolean>): Promise<boolean> {
    const known = this.#flags.get(key);
    if (known !== undefined) return known;
    const answer = await ask();
    this.#flags.set(key, answer);
    return answer;
  }
}

async function resolveAudience(reference: PendingAudience, lookups: Lookups): Promise<void> {
  const { scope, path, node, wanted } = reference;
  const definition = await lookups.audience(node.audienceId, wanted);
  if (definition === undefined) {
    await reportUnknownAudience(reference, lookups);
    return;
  }
  node.version = definition.version;
  if (node.mode === 'snapshot') {
    if (await lookups.hasSnapshot(node.audienceId, definition.version)) return;
    scope.report(
      path,
      'noSnapshot',
      `Audience ${quote(node.audienceId)} has no snapshot of version ${definition.version} yet; make one, or use mode "live".`,
    );
    return;
  }
  const inner = enterAudience(reference, definition);
  if (inner === null) return;
  node.child = bindNode(inner, definition.expression, '', 1);
}

async function reportUnknownAudience(reference: PendingAudience, lookups: Lookups): Promise<void> {
  const { scope, path, node, wanted } = reference;
  const id = node.audienceId;
  const latest = wanted === 'latest' ? undefined : await lookups.audience(id, 'latest');
  if (latest !== undefined) {
    scope.report(
      path,
      'unknownVersion',
      `Audience ${quote(id)} has no version ${wanted}; its newest is ${latest.version}.`,
    );
    return;
  }
  const advice = (await lookups.hasList(id))
    ? `It is a list: write {"list": ${quote(id)}}.`
    : scope.state.adviser.forReference(id);
  scope.report(path, 'unknownAudience', `There is no audience ${quote(id)}. ${advice}`);
}

/** The scope inside the audience; null after reporting that entering it would never end, or is too deep. */
function enterAudience(reference: PendingAudience, definition: AudienceDefinition): BindingScope | null {
  const { scope, path, node, depth } = reference;
  const key = `${definition.id}@${definition.version}`;
  const outer = scope.site;
  const ids = [...(outer?.ids ?? []), definition.id];
  const keys = [...(outer?.keys ?? []), key];
  const repeated = keys.indexOf(key);
  if (repeated < keys.length - 1) {
    const cycle = ids.slice(repeated).map((id) => quote(id));
    return scope.report(
      path,
      'audienceCycle',
      `Audiences refer to each other in a circle: ${cycle.join(' → ')}. Take one of the references out.`,
    );
  }
  if (keys.length > AUDIENCE_NESTING_MAX) {
    return scope.report(
      path,
      'tooDeep',
      `Audiences are nested more than ${AUDIENCE_NESTING_MAX} deep here; use the inner one's expression instead.`,
    );
  }
  const site: AudienceSite = { path: outer?.path ?? path, ids, keys, depth: (outer?.depth ?? 0) + depth };
  const params = paramMap(definition.params);
  for (const [name, value] of paramMap(node.params ?? {})) params.set(name, value);
  const timeZone = definition.timeZone === null ? scope.timeZone : checkTimeZone(definition.timeZone);
  const inner = new BindingScope(scope.state, timeZone ?? scope.timeZone, params, site);
  if (timeZone !== null) return inner;
  return inner.report(
    '/timeZone',
    'unknownTimeZone',
    `${quote(definition.timeZone ?? '')} is no time zone; write an IANA name such as "Europe/Berlin".`,
  );
}
