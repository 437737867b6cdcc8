import type { Report } from './report';
import { stopwatch } from './statistics';

/** Runs a load and notes how fast it was. */
export async function timedLoad<T>(report: Report, what: string, users: number, load: () => Promise<T>): Promise<T> {
  const { value, elapsedMs } = await stopwatch(load);
  const perSecond = Math.round(users / (elapsedMs / 1_000)).toLocaleString('en-US');
  report.note(`Load, ${what}: ${(elapsedMs / 1_000).toFixed(1)} s, ${perSecond} users/s`);
  return value;
}

/** Resident memory of this process, MiB. */
export function residentMiB(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
