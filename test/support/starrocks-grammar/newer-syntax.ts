interface NewerSyntax {
  /** Whole forms from the statement's start, so that nothing inside a text is ever taken for it. */
  readonly form: RegExp;
  /** What the grammar knows instead: the rest of the statement is checked all the same. */
  readonly older: string;
  readonly reason: string;
}

/** What StarRocks knows and its grammar of 3.3 does not. As short as can be. */
const NEWER_SYNTAX: readonly NewerSyntax[] = [
  {
    form: /^(\s*INSERT\s+INTO\s+(?:`\w+`\.)?`\w+`\s*\((?:\s*`\w+`\s*,?)+\))\s*PROPERTIES\s*\(\s*"merge_condition"\s*=\s*"\w+"\s*\)/i,
    older: '$1',
    reason: 'Conditional updates by INSERT are in the grammar since 3.5.',
  },
  {
    form: /^(\s*KILL\s+QUERY\s+)'[0-9a-fA-F-]+'(\s*;?\s*)$/i,
    older: '$11$2',
    reason: 'Queries have been killed by their own id, not only by their connection, since 3.4.',
  },
];

/** The statement as the grammar of 3.3 would have it. */
export function asOlderSyntax(sql: string): string {
  const newer = NEWER_SYNTAX.find(({ form }) => form.test(sql));
  return newer === undefined ? sql : sql.replace(newer.form, newer.older);
}
