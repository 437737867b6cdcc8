import type { ValueCondition } from '@tessera/audience';
import type { ValueSpec } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import { ChunkTracker } from '../storage/chunk-tracker';
import { codeFlags, codesMatching } from './code-matches';

const SPEC: ValueSpec = { valueType: 'string', scale: 0, values: [] };

function dictionaryOf(...texts: string[]): Dictionary {
  const dictionary = new Dictionary(1, new ChunkTracker());
  texts.forEach((text) => dictionary.intern(text));
  return dictionary;
}

const conditions: readonly (readonly [string, ValueCondition])[] = [
  ['startsWith', { kind: 'text', op: 'startsWith', text: 'a' }],
  ['matches', { kind: 'text', op: 'matches', text: '^a' }],
  ['a range', { kind: 'range', low: { value: 'a', inclusive: true }, high: { value: 'b', inclusive: false } }],
  ['one of', { kind: 'oneOf', values: ['a1', 'a2', 'a3', 'a4', 'nobody'], negated: false }],
  ['none of', { kind: 'oneOf', values: ['b1', 'b2', 'b3'], negated: true }],
];

describe('codesMatching', () => {
  it.each(conditions)(
    'follows the dictionary with %s: texts that come, go, and take the code of others',
    (_, condition) => {
      const dictionary = dictionaryOf('a1', 'b1', 'a2');
      const texts = (): string[] =>
        codesMatching(condition, SPEC, dictionary)
          .map((code) => dictionary.text(code))
          .sort();
      const flagged = (): string[] =>
        [...codeFlags(condition, SPEC, dictionary, (text) => text)]
          .flatMap((flag, code) => (flag === 1 ? [dictionary.text(code)] : []))
          .sort();
      expect([texts(), flagged()]).toEqual([
        ['a1', 'a2'],
        ['a1', 'a2'],
      ]);
      dictionary.intern('a3');
      dictionary.intern('b2');
      expect([texts(), flagged()]).toEqual([
        ['a1', 'a2', 'a3'],
        ['a1', 'a2', 'a3'],
      ]);
      dictionary.sweep((mark) => ['b1', 'a3', 'b2'].every((text) => mark(dictionary.code(text) ?? -1)));
      expect([texts(), flagged()]).toEqual([['a3'], ['a3']]);
      dictionary.intern('b3');
      expect([texts(), flagged()]).toEqual([['a3'], ['a3']]);
      dictionary.intern('a4');
      expect(dictionary.size).toBe(5);
      expect([texts(), flagged()]).toEqual([
        ['a3', 'a4'],
        ['a3', 'a4'],
      ]);
    },
  );

  it('keeps dictionaries apart that one condition is asked of', () => {
    const condition: ValueCondition = { kind: 'oneOf', values: ['x'], negated: false };
    const [first, second] = [dictionaryOf('x'), dictionaryOf('y', 'x')];
    expect([codesMatching(condition, SPEC, first), codesMatching(condition, SPEC, second)]).toEqual([[0], [1]]);
  });
});
