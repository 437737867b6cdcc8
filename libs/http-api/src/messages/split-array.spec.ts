import { splitArray } from './split-array';

const elements = (text: string): string[] => {
  const bytes = Buffer.from(text, 'latin1');
  return splitArray(bytes).map(({ start, end }) => bytes.subarray(start, end).toString('latin1').trim());
};

describe('splitArray', () => {
  it('finds the top-level elements', () => {
    expect(elements('[]')).toEqual([]);
    expect(elements(' [ \n ] ')).toEqual([]);
    expect(elements('[1]')).toEqual(['1']);
    expect(elements('[1, {"a": [1, 2]}, [3, 4], "x"]')).toEqual(['1', '{"a": [1, 2]}', '[3, 4]', '"x"']);
  });

  it('is not misled by what stands in strings', () => {
    expect(elements('["],[", "\\"", "\\\\", {"a]": "{"}]')).toEqual(['"],["', '"\\""', '"\\\\"', '{"a]": "{"}']);
  });

  it('does not mind bytes that are not UTF-8', () => {
    expect(elements('["\xff\xfe", "\x80"]')).toEqual(['"\xff\xfe"', '"\x80"']);
  });
});
