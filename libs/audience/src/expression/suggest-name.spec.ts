import { closestName, editDistance } from './suggest-name';

it('counts edits up to the limit', () => {
  expect(editDistance('city', 'city', 2)).toBe(0);
  expect(editDistance('ctiy', 'city', 2)).toBe(1);
  expect(editDistance('cty', 'city', 2)).toBe(1);
  expect(editDistance('cities', 'city', 2)).toBe(3);
  expect(editDistance('', 'ab', 2)).toBe(2);
  expect(editDistance('abc', '', 2)).toBe(3);
  expect(editDistance('kitten', 'sitting', 3)).toBe(3);
});

it('suggests the nearest name, if it is near enough', () => {
  expect(closestName('levle', ['city', 'level', 'levels'])).toBe('level');
  expect(closestName('Level', ['level'])).toBe('level');
  expect(closestName('abc', ['xyz'])).toBeNull();
  expect(closestName('age', ['cage', 'page'])).toBe('cage');
  expect(closestName('', ['a'])).toBeNull();
  expect(closestName('x'.repeat(1_000_000), ['x'])).toBeNull();
});
