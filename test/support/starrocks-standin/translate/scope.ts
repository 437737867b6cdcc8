import { StarrocksError } from '../starrocks-error';
import type { SqlType } from '../sql/types';
import type { Typed } from './typed';

export interface Column {
  readonly name: string;
  readonly type: SqlType;
  /** How it is written where it is in scope. */
  readonly sql: string;
}

/** Something in FROM. */
export interface Relation {
  /** Case-sensitive, as all names but those of columns. */
  readonly alias: string;
  readonly columns: readonly Column[];
}

/** What a name can mean at one place of a query. */
export class Scope {
  constructor(
    readonly relations: readonly Relation[],
    /** Of the query around it. */
    private readonly parent: Scope | null,
    /** Names of the output that may be used in GROUP BY, HAVING and ORDER BY. */
    private readonly outputs: ReadonlyMap<string, Typed> = new Map(),
    /** In ORDER BY a name of the output comes first, elsewhere a column. */
    private readonly prefersOutputs = false,
  ) {}

  withOutputs(outputs: ReadonlyMap<string, Typed>, prefersOutputs: boolean): Scope {
    return new Scope(this.relations, this.parent, outputs, prefersOutputs);
  }

  column(path: readonly string[]): Typed {
    const found = this.#find(path);
    if (found === null) {
      throw new StarrocksError(
        `Getting analyzing error. Detail message: Column '${path.map((part) => `\`${part}\``).join('.')}' cannot be resolved.`,
      );
    }
    return found;
  }

  #find(path: readonly string[]): Typed | null {
    const name = path.at(-1)!;
    const output = path.length === 1 ? (this.outputs.get(name.toLowerCase()) ?? null) : null;
    if (output !== null && this.prefersOutputs) return output;
    const table = path.at(-2) ?? null;
    const found: Column[] = [];
    for (const { alias, columns } of this.relations) {
      if (table !== null && alias !== table) continue;
      found.push(...columns.filter((column) => column.name.toLowerCase() === name.toLowerCase()));
    }
    if (found.length > 1) {
      throw new StarrocksError(`Getting analyzing error. Detail message: Column '${name}' is ambiguous.`, 1052);
    }
    if (found[0] !== undefined || output !== null) return found[0] ?? output;
    return this.parent === null ? null : this.parent.#find(path);
  }
}
