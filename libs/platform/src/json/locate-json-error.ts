/** Where and why a text is not JSON. `offset` is in UTF-16 units from 0, `line` and `column` from 1. */
export interface JsonErrorPlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

type State = 'value' | 'firstValue' | 'firstKey' | 'key' | 'colon' | 'afterValue';

const EXPECTED: { readonly [state in State]: string } = {
  value: 'expected a value',
  firstValue: 'expected a value or ]',
  firstKey: 'expected a key in double quotes or }',
  key: 'expected a key in double quotes',
  colon: 'expected :',
  afterValue: 'expected , or the end of the array or object',
};

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- JSON forbids raw control characters in strings
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const BLANKS = /[ \t\n\r]*/y;

/**
 * Finds the first place at which `text` stops being JSON. `JSON.parse` has refused it already, but its message names the place
 * only sometimes. Keeps its own stack, so that depth costs no call frames.
 */
export function locateJsonError(text: string): JsonErrorPlace {
  const open: ('[' | '{')[] = [];
  let state: State = 'value';
  let at = 0;
  for (;;) {
    at = skip(BLANKS, text, at);
    if (at >= text.length) {
      return place(text, at, text.trim() === '' ? 'the text is empty; expected a value' : 'the text ends too early');
    }
    const character = text[at] ?? '';
    if (state === 'afterValue') {
      const container = open.at(-1);
      if (container === undefined) return place(text, at, 'there is more text after the value');
      if (character === ',') {
        state = container === '[' ? 'value' : 'key';
        at++;
      } else if (character === (container === '[' ? ']' : '}')) {
        open.pop();
        at++;
      } else {
        return place(text, at, EXPECTED.afterValue);
      }
    } else if (state === 'colon') {
      if (character !== ':') return place(text, at, EXPECTED.colon);
      state = 'value';
      at++;
    } else if ((state === 'firstValue' && character === ']') || (state === 'firstKey' && character === '}')) {
      open.pop();
      state = 'afterValue';
      at++;
    } else if (state === 'key' || state === 'firstKey') {
      if (character !== '"') return place(text, at, EXPECTED[state]);
      const end = skip(STRING, text, at);
      if (end === at) return stringError(text, at);
      state = 'colon';
      at = end;
    } else if (character === '[' || character === '{') {
      open.push(character);
      state = character === '[' ? 'firstValue' : 'firstKey';
      at++;
    } else {
      const end = skip(character === '"' ? STRING : LITERAL, text, at);
      if (end === at) return character === '"' ? stringError(text, at) : place(text, at, EXPECTED[state]);
      state = 'afterValue';
      at = end;
    }
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? at : at + match[0].length;
}

/** Inside a string only three things go wrong: a raw control character, a bad escape, no closing quote. */
function stringError(text: string, start: number): JsonErrorPlace {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20) return place(text, at, 'a control character in a string must be escaped');
    if (code !== 0x5c) continue;
    const escape = text.slice(at, at + 6);
    if (!/^\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(escape)) return place(text, at, 'a bad escape in a string');
    at++;
  }
  return place(text, start, 'a string that is not closed');
}

function place(text: string, offset: number, reason: string): JsonErrorPlace {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { offset, line, column: offset - lineStart + 1, reason };
}
