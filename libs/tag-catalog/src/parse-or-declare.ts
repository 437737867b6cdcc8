import type { CatalogStore } from './catalog-store';
import { autoDeclare } from './declare-tag-type';
import type { Rejection, TagMessage } from './message';
import { parseMessage } from './parse-message';
import type { MessageOptions, ParsedMessage } from './parse-message';
import type { RejectedMessage } from './rejection';

const TRIES_MAX = 8;

/**
 * As `parseMessage`, and fields that the message's type declares by itself are declared. Rejected if that can't be done.
 * @throws StoreUnavailableError where the catalogue can't be changed now.
 */
export async function parseOrDeclare(
  catalogStore: CatalogStore,
  raw: unknown,
  arrivalMs: number,
  options: MessageOptions,
): Promise<{ readonly kind: 'message'; readonly message: TagMessage } | RejectedMessage> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const parsed = parseMessage(catalogStore.current(), raw, arrivalMs, options);
    if (parsed.kind !== 'undeclared') return parsed;
    const rejection = await declare(catalogStore, parsed);
    if (rejection !== undefined) return { kind: 'rejected', rejection };
  }
  const detail = 'its fields could not be declared because the tag type kept changing; send it again';
  return { kind: 'rejected', rejection: { code: 'notDeclared', detail } };
}

async function declare(
  catalogStore: CatalogStore,
  { typeName, fields }: Extract<ParsedMessage, { kind: 'undeclared' }>,
): Promise<Rejection | undefined> {
  let rejection: Rejection | undefined;
  await catalogStore.update((catalog) => {
    const declared = autoDeclare(catalog, typeName, fields);
    if (declared.ok) return declared.value;
    const first = declared.errors[0];
    rejection = { code: first?.code ?? 'notDeclared', detail: first?.message ?? 'its fields could not be declared' };
    return catalog;
  });
  return rejection;
}
