import { FUTURE_TOLERANCE_MS, formatInstant } from '@tessera/tag-catalog';
import type { MessageOptions, Rejection } from '@tessera/tag-catalog';

/**
 * A record's timestamp stands for the arrival of its message; one that can't be is the fault of somebody's clock.
 * @param nowMs wall clock.
 * @returns null: it may be.
 */
export function timestampProblem(
  timestampMs: number,
  nowMs: number,
  { futureToleranceMs = FUTURE_TOLERANCE_MS }: MessageOptions,
): Rejection | null {
  if (timestampMs < 0) {
    return { code: 'timeTooEarly', detail: 'the record in Kafka has no timestamp, or one before 1970' };
  }
  const latestMs = nowMs + futureToleranceMs;
  if (timestampMs <= latestMs) return null;
  const detail = `the record's timestamp in Kafka, ${formatInstant(timestampMs)}, is after ${formatInstant(latestMs)}, the latest possible; check the producer's clock`;
  return { code: 'timeInFuture', detail };
}
