import { dateLiteral, decimalLiteral, instantLiteral, textLiteral } from './literal';

const SEED = Number(process.env['LITERAL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const MEANT: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\u001a' };

/** Random numbers from 0 up to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
}

/** Reads a string as StarRocks' lexer does, and throws if the text does not end with it. */
function read(literal: string): string {
  let text = '';
  let at = 1;
  if (!literal.startsWith("'")) throw new Error('no string');
  for (; literal[at] !== "'"; at += 1) {
    if (at >= literal.length) throw new Error('a string without an end');
    if (literal[at] === '\\') {
      at += 1;
      const escaped = literal[at] ?? '';
      text += MEANT[escaped] ?? escaped;
    } else {
      text += literal[at] ?? '';
    }
  }
  if (at !== literal.length - 1) throw new Error(`something follows the string: ${literal.slice(at + 1, at + 50)}`);
  return text;
}

describe('textLiteral', () => {
  it.each([
    '',
    'plain text, with.most:of-what_there;is',
    "'",
    "''",
    '\\',
    "\\'",
    "\\\\' OR 1 = 1 -- ",
    '"; DROP TABLE sys_users; #',
    '/* */ -- # `x`',
    '\0',
    'a\0b',
    '\b\t\n\r\u001a',
    '%_\\%\\_',
    '\u{1f600} ü 中 e\u0301',
    "'".repeat(1_048_576),
    '\\'.repeat(1_048_575) + "'",
    '\u{1f600}'.repeat(262_144),
  ])('is read back as what it was, text %#', (text) => {
    expect(read(textLiteral(text)) === text).toBe(true);
  });

  it('is read back whatever characters come together', () => {
    process.stderr.write(`literals: LITERAL_SEED=${SEED}\n`);
    const pool = [
      'a',
      "'",
      '"',
      '\\',
      '\0',
      'n',
      '0',
      'Z',
      '\n',
      '\r',
      '%',
      '_',
      '-',
      '#',
      '/',
      '*',
      ';',
      '`',
      '\u{1f600}',
      '\u001a',
    ];
    const unit = numbers(SEED);
    const next = (below: number): number => Math.floor(unit() * below);
    for (let round = 0; round < 20_000; round += 1) {
      const text = Array.from({ length: next(12) }, () => pool[next(pool.length)] ?? '').join('');
      if (read(textLiteral(text)) !== text) throw new Error(`not read back: ${JSON.stringify(text)}`);
    }
  });
});

describe('decimalLiteral', () => {
  it.each([
    [0, 0, '0'],
    [0, 2, '0.00'],
    [5, 2, '0.05'],
    [-5, 2, '-0.05'],
    [-150, 2, '-1.50'],
    [999_999_999_999_999, 9, '999999.999999999'],
    [-(10n ** 36n), 4, `-1${'0'.repeat(32)}.0000`],
  ])('%s at scale %i', (ordinal, scale, text) => {
    expect(decimalLiteral(ordinal, scale)).toBe(text);
  });
});

describe('moments', () => {
  it('are told in UTC and without a zone', () => {
    expect(instantLiteral(Date.UTC(2026, 2, 29, 0, 30, 0, 7))).toBe("'2026-03-29 00:30:00.007'");
    expect(instantLiteral(Date.UTC(1000, 0, 1))).toBe("'1000-01-01 00:00:00.000'");
    expect(dateLiteral(-1)).toBe("'1969-12-31'");
  });
});

describe('instantLiteral', () => {
  it('tells each millisecond as ISO 8601 does', () => {
    const first = Date.UTC(1000, 0, 1);
    const span = Date.UTC(10_000, 0, 1) - first;
    const unit = numbers(SEED);
    for (let round = 0; round < 20_000; round += 1) {
      // Two of them: the steps of one of 31 bits are longer than a minute.
      const instantMs = first + Math.floor(unit() * (span - 1_000_000)) + Math.floor(unit() * 1_000_000);
      const iso = new Date(instantMs).toISOString();
      expect(instantLiteral(instantMs)).toBe(`'${iso.slice(0, 10)} ${iso.slice(11, 23)}'`);
    }
  });

  it('refuses years that a DATETIME does not have', () => {
    expect(() => instantLiteral(-8_640_000_000_000_000)).toThrow(RangeError);
    expect(() => instantLiteral(Date.UTC(10_000, 0, 1))).toThrow(RangeError);
    expect(instantLiteral(Date.UTC(9999, 11, 31))).toBe("'9999-12-31 00:00:00.000'");
  });
});
