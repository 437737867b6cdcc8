import fc from 'fast-check';
import { checkCuid } from './check-cuid';
import { nameProblem, suggestName } from './name';

describe('checkCuid', () => {
  it.each(['a', 'x'.repeat(128), 'é'.repeat(64), '\u{1f600}'.repeat(32), ' ', '__proto__', '0'])(
    'accepts %j',
    (cuid) => {
      expect(checkCuid(cuid)).toEqual({ ok: true, cuid });
    },
  );

  it.each(['', 'x'.repeat(129), 'é'.repeat(65), '\ud800', 'a\udc00', 5, null, undefined, {}, ['a']])(
    'refuses %j',
    (cuid) => {
      expect(checkCuid(cuid)).toMatchObject({ ok: false, code: 'invalidCuid' });
    },
  );

  it('applies the pattern, whatever its flags', () => {
    const pattern = /^[0-9a-f]{4}$/g;
    for (let round = 0; round < 3; round++) {
      expect(checkCuid('00ff', pattern).ok).toBe(true);
      expect(checkCuid('00fg', pattern).ok).toBe(false);
    }
  });
});

describe('names', () => {
  it.each(['a', 'a1_', 'city', 'x'.repeat(64), 'sysx', 'to_string'])('%s is good', (name) => {
    expect(nameProblem(name)).toBeNull();
  });

  it.each([
    '',
    'A',
    '1a',
    '_a',
    'a-b',
    'a b',
    'sys_x',
    'x'.repeat(65),
    '__proto__',
    'constructor',
    'prototype',
    'é',
    5,
    null,
    'a\n',
  ])('%j is refused', (name) => {
    expect(nameProblem(name)).not.toBeNull();
  });

  it.each([
    ['Fav Color', 'fav_color'],
    ['favColor', 'fav_color'],
    ['Größe', 'gro_e'],
    ['café', 'cafe'],
    ['1st', 'field_1st'],
    ['sys_x', 'x'],
    ['SYS_X', 'x'],
    ['__proto__', 'proto'],
    ['constructor', 'field_constructor'],
    ['城市', 'field'],
    ['', 'field'],
  ])('%j suggests %s', (text, name) => {
    expect(suggestName(text)).toBe(name);
  });

  it('suggests only good names', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ maxLength: 200 })), (text) => {
        expect(nameProblem(suggestName(text))).toBeNull();
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^(sys|_|S|[a-c1]){0,8}$/), (text) => {
        expect(nameProblem(suggestName(text))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});
