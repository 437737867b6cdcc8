import type { LocatedError } from '@tessera/tag-catalog';
import { bindExpression, noReferences } from '../bind-expression';
import type { BindContext } from '../bind-expression';
import type { Expression } from '../expression';
import { shopCatalog } from './shop-catalog';

export const catalog = shopCatalog();

const CONTEXT: BindContext = { catalog, references: noReferences, timeZone: 'UTC' };

/** Binds against the small shop; throws with the errors if there are any. */
export async function bound(json: unknown, context: Partial<BindContext> = {}): Promise<Expression> {
  const parsed = await bindExpression(json, { ...CONTEXT, ...context });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 1));
  return parsed.value;
}

/** The errors of a bad expression; throws if it is accepted. */
export async function errorsOf(json: unknown, context: Partial<BindContext> = {}): Promise<readonly LocatedError[]> {
  const parsed = await bindExpression(json, { ...CONTEXT, ...context });
  if (parsed.ok) throw new Error(`accepted: ${JSON.stringify(json).slice(0, 200)}`);
  return parsed.errors;
}

/** As `path code`, for comparing. */
export async function refusals(json: unknown, context: Partial<BindContext> = {}): Promise<readonly string[]> {
  return (await errorsOf(json, context)).map(({ path, code }) => `${path} ${code}`);
}
