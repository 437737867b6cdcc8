import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import type { ExactCondition, PropertyTest, TagTest, ValueCondition } from './plan';

/** Keys are held by every node and hashed again by each parent, so a text longer than this stands as its digest. */
const PLAIN_TEXT_LENGTH_MAX = 64;

/** 128 bits: two different texts never meet in practice, and keys stay short however deep the plan is. */
const DIGEST_HEX_LENGTH = 32;

/**
 * `name(parts)` while that is short, else `name#digest`. Parts hold no raw line break (they are JSON or keys themselves),
 * so that the join is unambiguous.
 */
export function composeKey(name: string, parts: readonly string[]): string {
  const text = parts.join('\n');
  if (text.length <= PLAIN_TEXT_LENGTH_MAX) {
    return `${name}(${text})`;
  }
  return `${name}#${bytesToHex(sha256(utf8ToBytes(text))).slice(0, DIGEST_HEX_LENGTH)}`;
}

/** As `composeKey`, the same for every order of the parts; a part given twice counts twice. */
export function composeUnorderedKey(name: string, parts: readonly string[]): string {
  return composeKey(name, parts.length > 1 ? [...parts].sort() : parts);
}

/** Lists of 100,000 values are hashed once, not once for each node and rewrite they pass through. */
const conditionKeys = new WeakMap<ValueCondition, string>();
const REMEMBERED_VALUES_MIN = 8;

export function conditionKey(condition: ValueCondition): string {
  // For a short condition the text costs less than the memory.
  if (!('values' in condition) || condition.values.length < REMEMBERED_VALUES_MIN) {
    return composeConditionKey(condition);
  }
  let key = conditionKeys.get(condition);
  if (key === undefined) {
    key = composeConditionKey(condition);
    conditionKeys.set(condition, key);
  }
  return key;
}

function composeConditionKey(condition: ValueCondition): string {
  switch (condition.kind) {
    case 'present':
    case 'absent':
    case 'never':
      return condition.kind;
    case 'oneOf':
      return composeKey(condition.negated ? 'notIn' : 'in', [JSON.stringify(condition.values)]);
    case 'range': {
      const { low, high } = condition;
      const lowText = low === null ? '' : `${low.inclusive ? '>=' : '>'}${JSON.stringify(low.value)}`;
      const highText = high === null ? '' : `${high.inclusive ? '<=' : '<'}${JSON.stringify(high.value)}`;
      return composeKey('range', [lowText, highText]);
    }
    case 'text':
      return composeKey(condition.op, [JSON.stringify(condition.text)]);
    case 'anniversary':
      return composeKey('anniversary', [JSON.stringify(condition.timeZone), condition.monthDays.join(' ')]);
    case 'set':
      return composeKey(condition.op, [JSON.stringify(condition.values)]);
  }
}

export function tagTestKey(test: TagTest): string {
  const missing = test.includeMissing ? '+missing' : '';
  const valid = test.validAfterMs === null ? '' : `@${test.validAfterMs}`;
  return `${test.tag.id}${valid}${missing}:${conditionKey(test.condition)}`;
}

export function propertyTestKey(test: PropertyTest): string {
  return `${test.property.id}:${conditionKey(test.condition)}`;
}

export function exactKey(exact: ExactCondition): string {
  return `${exact.op} ${exact.low} ${exact.high} e-${exact.scale}`;
}
