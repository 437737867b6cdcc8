import { findHeader } from './find-header';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function found(text: string): string | null {
  const json = Buffer.from(text);
  const span = findHeader(json);
  return span === null ? null : json.toString('utf8', span.start, span.end);
}

describe('findHeader', () => {
  it.each([
    ['{"header":{"a":1},"body":{}}', '{"a":1}'],
    [' { "body" : {"header":{"wrong":1}} , "header" : {"a":"}{\\"]["} } ', '{"a":"}{\\"]["}'],
    ['{"a":[[{"header":1}],"header"],"b":-1.5e3,"c":null,"d":"x\\\\","header":[1]}', '[1]'],
    ['{"header":7}', '7'],
    ['{"header":"text"}', '"text"'],
    // What stands behind is not read.
    ['{"header":{"a":1},"body":{broken', '{"a":1}'],
    ['{"body":{"é漢😀":"\\u0022"},"header":{"cuid":"é"}}', '{"cuid":"é"}'],
  ])('finds it in %s', (text, header) => {
    expect(found(text)).toBe(header);
  });

  it.each([
    '',
    ' ',
    '[]',
    '"header"',
    '{}',
    '{"body":{}}',
    '{"header"',
    '{"header":',
    '{"header":{',
    '{header:1}',
    '{"body":"open',
    '{"a":1 "header":2}',
  ])('finds none in %s', (text) => {
    expect(found(text)).toBeNull();
  });

  it(`finds what JSON.parse finds, in any order of keys (SEED=${SEED})`, () => {
    let state = SEED;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return (((state >>> 8) % limit) + limit) % limit;
    };
    const value = (depth: number): unknown => {
      switch (random(depth > 3 ? 4 : 6)) {
        case 0:
          return random(1_000) - 500;
        case 1:
          return [null, true, false][random(3)];
        case 2:
        case 3:
          return ['', '"', '\\', '{[', '}],:', 'header', '漢', '\n'][random(8)];
        case 4:
          return Array.from({ length: random(4) }, () => value(depth + 1));
        default:
          return Object.fromEntries(Array.from({ length: random(4) }, (_, key) => [`k${key}"`, value(depth + 1)]));
      }
    };
    for (let round = 0; round < 3_000; round++) {
      const entries: [string, unknown][] = Array.from({ length: random(4) }, (_, key) => [`f${key}`, value(0)]);
      const header = value(0);
      entries.splice(random(entries.length + 1), 0, ['header', header]);
      const text = JSON.stringify(Object.fromEntries(entries), null, random(3));
      expect(JSON.parse(found(text) ?? 'null')).toEqual(header);
    }
  });
});
