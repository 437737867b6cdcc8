import type { StarrocksSession } from '../connection/starrocks-connection';
import { StarrocksError } from '../connection/starrocks-error';

/** The first one in which an INSERT that names some columns of a PRIMARY KEY table leaves the others as they are. */
const OLDEST = [3, 3, 1] as const;

/** @throws StarrocksError `refused` if `versionProblem` says something, or where StarRocks can't be asked. */
export async function demandVersion(session: Pick<StarrocksSession, 'rows'>): Promise<void> {
  const problem = await versionProblem(session);
  if (problem !== null) throw new StarrocksError(problem, 'refused');
}

/**
 * Why this StarRocks can't be written to; null: it can. Older ones take an INSERT that names some columns too, and set all others of the row to NULL.
 * @throws StarrocksError where StarRocks can't be asked.
 */
export async function versionProblem(session: Pick<StarrocksSession, 'rows'>): Promise<string | null> {
  const [row] = await session.rows('SELECT current_version() AS version');
  const version = String(row?.['version'] ?? '');
  if (!isTooOld(version)) return null;
  return `this is StarRocks ${version}; Tessera needs ${OLDEST.join('.')} or newer: upgrade it`;
}

/** @param version such as `3.3.5 a1b2c3d`. One without such a number is that of a build of one's own, and is trusted. */
export function isTooOld(version: string): boolean {
  const found = /^\D{0,20}?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (found === null) return false;
  for (const [place, oldest] of OLDEST.entries()) {
    const number = Number(found[place + 1] ?? 0);
    if (number !== oldest) return number < oldest;
  }
  return false;
}
