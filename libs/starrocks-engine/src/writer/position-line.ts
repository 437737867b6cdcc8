import { StarrocksError } from '../connection/starrocks-error';
import { identifier, POSITIONS_TABLE } from '../schema/names';
import { textLiteral } from '../sql/literal';
import { GroupLine } from './group-line';
import { BEGUN, checkSql, claimedSql, NEXT, SOURCE } from './load-sql';
import type { SureStatements } from './statements';
import type { Fence } from './table-load';

/** What is said of a source. */
export interface PositionChange {
  readonly source: string;
  /** The claim under which it is said. */
  readonly writer: string;
  /** Everything below this is begun: is written, or about to be. */
  readonly through: number;
  /** Everything below this was written before; null: everything below `through` is written by now. */
  readonly from: number | null;
}

/** Changes that are made together. */
type Changes = readonly PositionChange[];

const SOURCES_A_STATEMENT = 500;
/** The table takes one more statement beside one that hangs. */
const HOLD_MS = 1_000;
const table = identifier(POSITIONS_TABLE);

/**
 * The statements about positions of all topics of a process: what several of them have to say at the same moment is said in one statement. Each source
 * has its own condition there, so that one that was lost takes nothing from the others.
 */
export class PositionLine {
  readonly #changes: GroupLine<Changes, readonly string[]>;
  readonly #checks: GroupLine<Fence, boolean>;

  /** @param lost those of the fence that another process has claimed. */
  constructor(
    private readonly statements: SureStatements,
    private readonly lost: (fence: Fence) => Promise<readonly string[]>,
  ) {
    this.#changes = new GroupLine({
      send: (groups, answered) => this.#write(groups, answered),
      fits: fitTogether,
      holdMs: HOLD_MS,
    });
    this.#checks = new GroupLine({
      send: (fences, answered) => this.#check(fences, answered),
      fits: (fence, before) => before.reduce((sum, { size }) => sum + size, fence.size) <= SOURCES_A_STATEMENT,
      holdMs: HOLD_MS,
    });
  }

  /** @returns sources that another process has claimed; nothing was said of them. @throws StarrocksError: nothing of it goes on. */
  write(changes: Changes): Promise<readonly string[]> {
    return this.#changes.add(changes);
  }

  /** Whether this process has the claim of each source, by the word of the leading frontend after this was called. @throws StarrocksError */
  holds(fence: Fence): Promise<boolean> {
    return this.#checks.add(fence);
  }

  async #write(groups: readonly Changes[], answered: () => void): Promise<readonly (readonly string[])[]> {
    const all = groups.flat();
    const fence = new Map(all.map(({ source, writer }) => [source, writer] as const));
    const missing = all.length - (await this.statements.write(changeSql(all, fence), answered));
    if (missing === 0) return groups.map(() => []);
    const lost = new Set(await this.lost(fence));
    // Nobody gets a claim back, so whoever still has one had it when this was written.
    if (lost.size < missing) {
      throw new StarrocksError(
        `StarRocks wrote ${all.length - missing} of ${all.length} positions and does not say why`,
        'overloaded',
      );
    }
    return groups.map((changes) => changes.map(({ source }) => source).filter((source) => lost.has(source)));
  }

  /** All claims in one look; if any is lost, each fence by itself. */
  async #check(fences: readonly Fence[], answered: () => void): Promise<readonly boolean[]> {
    const all = new Map(fences.flatMap((fence) => [...fence]));
    const isOfOne = fences.every((fence) => [...fence].every(([source, writer]) => all.get(source) === writer));
    if (isOfOne && (await this.statements.write(checkSql(all), answered)) === 1) return fences.map(() => true);
    if (isOfOne && fences.length === 1) return [false];
    const held: boolean[] = [];
    for (const fence of fences) held.push((await this.statements.write(checkSql(fence))) === 1);
    return held;
  }
}

/** A statement says one thing of a source. */
function fitTogether(changes: Changes, before: readonly Changes[]): boolean {
  const sources = new Set(before.flat().map(({ source }) => source));
  return sources.size + changes.length <= SOURCES_A_STATEMENT && changes.every(({ source }) => !sources.has(source));
}

function changeSql(changes: Changes, fence: Fence): string {
  const values = changes.map(({ source, through, from }) => {
    const isWritten = from === null;
    return `(${textLiteral(source)}, ${through}, ${from ?? through}, ${isWritten ? 1 : 0})`;
  });
  const [begun, next] = [`p.${BEGUN}`, `p.${NEXT}`];
  return (
    `INSERT INTO ${table} (${SOURCE}, ${BEGUN}, ${NEXT}) SELECT p.${SOURCE}, if(${begun} > v.c1, ${begun}, v.c1), ` +
    `if(v.c3 = 1, if(${next} > v.c1, ${next}, v.c1), if(${next} < v.c2, ${next}, v.c2)) ` +
    `FROM (VALUES ${values.join(',')}) AS v (c0, c1, c2, c3) JOIN ${table} p ON p.${SOURCE} = v.c0 ` +
    `WHERE ${claimedSql(fence, 'p.')}`
  );
}
