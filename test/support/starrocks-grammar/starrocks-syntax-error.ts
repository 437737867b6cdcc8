const SHOWN_BEFORE = 200;
const SHOWN_BEHIND = 100;

/** StarRocks would refuse the statement, or take it for several. */
export class StarrocksSyntaxError extends Error {
  override readonly name = 'StarrocksSyntaxError';
  readonly line: number;
  /** From 0, in code points. */
  readonly column: number;

  /** @param answer `line:column message`. */
  constructor(
    readonly statement: string,
    answer: string,
  ) {
    const [, line = '1', column = '0', reason = answer] = /^(\d+):(\d+) (.*)$/s.exec(answer) ?? [];
    super(
      `StarRocks' grammar, line ${line}, column ${column}: ${reason.slice(0, 500)}\n${excerpt(statement, Number(line), Number(column))}`,
    );
    this.line = Number(line);
    this.column = Number(column);
  }
}

/** What stands around the place, marked by `>>>`. */
function excerpt(statement: string, line: number, column: number): string {
  const lines = statement.split('\n');
  const lineStart = lines.slice(0, line - 1).reduce((sum, before) => sum + before.length + 1, 0);
  const at =
    lineStart +
    Array.from(lines[line - 1] ?? '')
      .slice(0, column)
      .join('').length;
  const before = statement.slice(Math.max(0, at - SHOWN_BEFORE), at);
  return `${at > SHOWN_BEFORE ? '…' : ''}${before}>>>${statement.slice(at, at + SHOWN_BEHIND)}${statement.length > at + SHOWN_BEHIND ? '…' : ''}`;
}
