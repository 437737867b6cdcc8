import { pointer, quote } from '@tessera/tag-catalog';
import type { TagDefinition } from '@tessera/tag-catalog';
import { bindCondition } from './bind-condition';
import { BindingScope, BindingState } from './binding-scope';
import type { Expression, NodeBase, TagNode } from './expression';
import { IMPLIED_NODES_MAX } from './limits';
import { showJson } from './show-json';

type BindNode = (scope: BindingScope, json: unknown, path: string, depth: number) => Expression | null;

/** Binds a tag node with the tag's implied conditions; null after reporting everything that is wrong with it. */
export function bindTag(
  scope: BindingScope,
  fields: ReadonlyMap<string, unknown>,
  base: NodeBase,
  bindNode: BindNode,
): TagNode | null {
  const onMissing = readOnMissing(scope, fields, base.path);
  const name = scope.readName(fields, 'tag', base.path, 'A tag condition');
  if (name === null) return null;
  const tag = scope.state.catalog.tag(name);
  if (tag === undefined) {
    return scope.report(
      pointer(base.path, 'tag'),
      'unknownTag',
      `There is no tag ${quote(name)}. ${scope.state.adviser.forTag(name)}`,
    );
  }
  const condition = bindCondition(scope, fields, base.path, tag, 'tag');
  const implied = scope.implied ? [] : bindImplied(scope, tag, pointer(base.path, 'tag'), bindNode);
  if (condition === null || onMissing === null || implied === null) return null;
  return { ...base, kind: 'tag', tag, condition, onMissing, implied };
}

function readOnMissing(
  scope: BindingScope,
  fields: ReadonlyMap<string, unknown>,
  path: string,
): 'exclude' | 'include' | null {
  const onMissing = fields.get('onMissing') ?? (fields.has('onMissing') ? null : 'exclude');
  if (onMissing === 'exclude' || onMissing === 'include') return onMissing;
  return scope.report(
    pointer(path, 'onMissing'),
    'wrongType',
    `"onMissing" is "exclude" (users with no value are not in the set; the default) or "include", not ${showJson(onMissing)}.`,
  );
}

/** The tag's implied conditions, bound in the zone of the node; paths inside them are their own. */
function bindImplied(
  scope: BindingScope,
  tag: TagDefinition,
  tagPath: string,
  bindNode: BindNode,
): readonly Expression[] | null {
  if (tag.impliedConditions.length === 0) return [];
  const { state } = scope;
  const key = `${tag.id} ${scope.timeZone}`;
  const known = state.implied.get(key);
  if (known !== undefined) return known;
  const inner = new BindingState(state.catalog, state.valueLimits, IMPLIED_NODES_MAX);
  const bound = tag.impliedConditions.map((json) => {
    inner.nodes = 0;
    return bindNode(new BindingScope(inner, scope.timeZone, new Map(), null, true), json, '', 1);
  });
  const [error] = inner.errors.errors;
  if (error !== undefined) {
    return scope.report(
      tagPath,
      'invalidImpliedCondition',
      `An implied condition of tag ${quote(tag.name)} does not hold with this catalogue: ${error.message} Correct it in the tag's declaration.`,
    );
  }
  const implied = bound.filter((node) => node !== null);
  state.implied.set(key, implied);
  return implied;
}
