import { isBlank, LineSplitter } from './split-lines';

function split(chunks: readonly string[], lineBytesMax = 8): string[] {
  const splitter = new LineSplitter(lineBytesMax);
  const lines: string[] = [];
  const take = (line: Buffer | 'tooLarge'): number =>
    lines.push(line === 'tooLarge' ? '<too large>' : line.toString('latin1'));
  for (const chunk of chunks) for (const line of splitter.push(Buffer.from(chunk, 'latin1'))) take(line);
  for (const line of splitter.end()) take(line);
  return lines;
}

describe('LineSplitter', () => {
  it('cuts at line feeds, the last line with or without one', () => {
    expect(split(['a\nb\n'])).toEqual(['a', 'b']);
    expect(split(['a\nb'])).toEqual(['a', 'b']);
    expect(split([])).toEqual([]);
    expect(split([''])).toEqual([]);
  });

  it('keeps blank lines, so that line numbers are right', () => {
    expect(split(['\n\na\n\n'])).toEqual(['', '', 'a', '']);
  });

  it('takes a carriage return before the line feed away, wherever the chunk ends', () => {
    expect(split(['a\r\nb\r\n'])).toEqual(['a', 'b']);
    expect(split(['a\r', '\nb'])).toEqual(['a', 'b']);
    expect(split(['a\rb\n'])).toEqual(['a\rb']);
  });

  it('gives the same lines however the bytes are cut', () => {
    const text = 'one\r\n\ntwo\n12345678\n123456789\n123456789012345678901\r\nend';
    const whole = split([text]);
    expect(whole).toEqual(['one', '', 'two', '12345678', '<too large>', '<too large>', 'end']);
    for (let size = 1; size <= text.length; size++) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.slice(index * size, (index + 1) * size),
      );
      expect(split(chunks)).toEqual(whole);
    }
  });

  it('accepts a line of exactly the limit, with CRLF too, and reports one byte more once', () => {
    expect(split(['12345678\r\n'])).toEqual(['12345678']);
    expect(split(['12345678\r', '\n'])).toEqual(['12345678']);
    expect(split(['123456789\r\nx'])).toEqual(['<too large>', 'x']);
    expect(split(['123456', '789'])).toEqual(['<too large>']);
    expect(split(['12345678\r'])).toEqual(['12345678']);
  });

  it('knows lines of nothing but blanks', () => {
    expect(isBlank(Buffer.from(' \t\r'))).toBe(true);
    expect(isBlank(Buffer.alloc(0))).toBe(true);
    expect(isBlank(Buffer.from(' x'))).toBe(false);
  });
});
