const QUOTED_UNITS_MAX = 80;

/** A text in quotes for an error message: control characters escaped, long ones cut. */
export function quote(text: string): string {
  return text.length <= QUOTED_UNITS_MAX ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, QUOTED_UNITS_MAX))}…`;
}

/** What an input is, for an error message: `null`, `a list`, `the text "5"`, `the number 5`. */
export function describeJson(json: unknown): string {
  if (typeof json === 'string') {
    return `the text ${quote(json)}`;
  }
  if (typeof json === 'number') {
    return `the number ${json}`;
  }
  if (json === undefined) {
    return 'nothing';
  }
  if (json === null || typeof json === 'boolean') {
    return String(json);
  }
  return Array.isArray(json) ? 'a list' : 'an object';
}

/** An object as `JSON.parse` yields it. Read its keys with `Object.keys`, never index it with a name that was sent. */
export function isJsonObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
