// The little of StarRocks' SQL that leaves are made of, as DuckDB understands it. Whatever is not known here fails in DuckDB.

const TOKEN = /'(?:[^'\\]|\\[\s\S])*'|`[^`]*`|\[(?:broadcast|colocate)\]|[A-Za-z_]+/g;
const WORDS: Readonly<Record<string, string>> = {
  LARGEINT: 'HUGEINT',
  DATETIME: 'TIMESTAMP',
  dayofweek: 'day_of_week',
};
const UNESCAPED: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\u001a' };
const NUL = '\0';
/** StarRocks: array_map(lambda, array). */
const ARRAY_MAP = /array_map\((x -> concat\(length\(x\), ':', x\)), ([^,()]+)\)/g;

/** Functions that DuckDB has by another name. */
export const MACROS = [
  'CREATE MACRO locate(needle, text) AS instr(text, needle)',
  'CREATE MACRO arrays_overlap(one, other) AS list_has_any(one, other)',
  'CREATE MACRO array_contains_all(one, other) AS list_has_all(one, other)',
  'CREATE MACRO array_join(elements, separator) AS array_to_string(elements, separator)',
  'CREATE MACRO milliseconds_sub(t, n) AS t - to_milliseconds(n)',
  'CREATE MACRO seconds_add(t, n) AS t + to_seconds(n)',
  'CREATE MACRO day_of_week(t) AS dayofweek(t) + 1',
  'CREATE MACRO days_sub(t, n) AS t - to_days(CAST(n AS INTEGER))',
  'CREATE MACRO years_sub(t, n) AS t - to_years(CAST(n AS INTEGER))',
];

export function toDuckDb(sql: string): string {
  return sql.replace(TOKEN, (token) => translate(token)).replace(ARRAY_MAP, 'list_transform($2, $1)');
}

/** A string as DuckDB writes it: no escapes, NUL as a function's result. */
export function duckText(text: string): string {
  const parts = text.split(NUL).map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts.join() : `(${parts.join(' || chr(0) || ')})`;
}

function translate(token: string): string {
  if (token.startsWith("'")) {
    const text = token.slice(1, -1).replace(/\\([\s\S])/g, (_, escaped: string) => UNESCAPED[escaped] ?? escaped);
    return duckText(text);
  }
  if (token.startsWith('`')) return `"${token.slice(1, -1)}"`;
  if (token.startsWith('[')) return '';
  return WORDS[token] ?? token;
}
