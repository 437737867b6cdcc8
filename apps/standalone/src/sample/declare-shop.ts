import { Catalog, declareTagType, fieldIndex, fieldsOf } from '@tessera/tag-catalog';
import type { CatalogStore, JsonValue, TagTypeDefinition } from '@tessera/tag-catalog';
import { SHOP_TAG_TYPES } from './shop-tag-types';

/** The catalogue can't take the shop's tag types beside what is already declared. */
export class ShopConflictError extends Error {
  override readonly name = 'ShopConflictError';
}

/**
 * Declares the shop's tag types, all or none; types that stand already, as after an interrupted load, are left as they are.
 * @throws ShopConflictError if a type or tag of the same name but another shape is declared.
 */
export async function declareShop(catalogStore: CatalogStore): Promise<Catalog> {
  return await catalogStore.update((catalog) => addShopTypes(catalog));
}

/** The catalogue with the shop's tag types added; the same object if all of them stand in it. */
export function addShopTypes(catalog: Catalog): Catalog {
  let scratch = Catalog.empty;
  let result = catalog;
  for (const declaration of SHOP_TAG_TYPES) {
    scratch = declareOrThrow(scratch, declaration);
    const wanted = scratch.types.at(-1);
    const standing = wanted === undefined ? undefined : result.type(wanted.name);
    if (wanted !== undefined && standing !== undefined && isSameShape(standing, wanted)) continue;
    result = declareOrThrow(result, declaration);
  }
  return result;
}

function declareOrThrow(catalog: Catalog, declaration: JsonValue): Catalog {
  const declared = declareTagType(catalog, declaration);
  if (declared.ok) return declared.value;
  const reasons = declared.errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  throw new ShopConflictError(
    `The sample shop does not fit into this catalogue (${reasons}). Start with SAMPLE=none, or with an empty DATA_DIR.`,
  );
}

/** True if `standing` is of the same kind and has at least the fields and enum values of `wanted`. */
function isSameShape(standing: TagTypeDefinition, wanted: TagTypeDefinition): boolean {
  const fields = fieldIndex(standing);
  return (
    standing.kind === wanted.kind &&
    fieldsOf(wanted).every((field) => {
      const other = fields.get(field.name);
      return (
        other?.valueType === field.valueType &&
        other.scale === field.scale &&
        field.values.every((value) => other.values.includes(value))
      );
    })
  );
}
