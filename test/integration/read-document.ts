import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonValue } from '@tessera/tag-catalog';

const ROOT = path.resolve(__dirname, '../..');

/** A question of the documentation, as a reader would send it to `POST /v1/segmentation/count`. */
export interface DocumentedCount {
  readonly title: string;
  readonly body: { readonly asOf?: string; readonly timeZone?: string; readonly expression: JsonValue };
  /** The SQL beside it, null if the page shows none. */
  readonly sql: string | null;
  /** The count the page states, null if it states none. */
  readonly count: number | null;
}

export function readDocument(relativePath: string): string {
  return readFileSync(path.join(ROOT, relativePath), 'utf8');
}

/** The sections of a page that ask a question: a heading `### …`, then a JSON block or a `curl … -d '…'` with an `expression`. */
export function documentedCounts(markdown: string): readonly DocumentedCount[] {
  const sections = markdown.split(/^(?=#{2,4} )/m);
  return sections.flatMap((section) => {
    const body = /^```json\n([\s\S]*?)^```/m.exec(section)?.[1] ?? /-d '([^']*)'/.exec(section)?.[1];
    if (!/^### \d/.test(section) || body?.includes('"expression"') !== true) return [];
    const count = /^Count: \*\*([\d,]+)\*\*$/m.exec(section)?.[1];
    return [
      {
        title: section.slice(4, section.indexOf('\n')),
        body: JSON.parse(body),
        sql: /^```sql\n([\s\S]*?)^```/m.exec(section)?.[1] ?? null,
        count: count === undefined ? null : Number(count.replaceAll(',', '')),
      },
    ];
  });
}
