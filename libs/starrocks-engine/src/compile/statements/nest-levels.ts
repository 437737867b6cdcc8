import type { Column } from './levels';

/** `FROM` with a sub-select a level; all columns of the inner ones stay visible. The outermost is called `t<levels>`. */
export function nestLevels(base: string, levels: readonly (readonly Column[])[]): string {
  const heads = levels.map(
    (columns, index) => `SELECT t${index}.*,\n  ${columns.map(({ name, text }) => `${text} AS ${name}`).join(',\n  ')}`,
  );
  const opening = heads.reverse().map((head) => `FROM (\n${head}\n`);
  const closing = levels.map((_, index) => `\n) t${index + 1}`);
  return `${opening.join('')}FROM (\n${base}\n) t0${closing.join('')}`;
}
