import type { LocatedError } from '@tessera/tag-catalog';
import { HttpProblem } from '../problem/http-problem';

/** Kafka partition → position behind the last record that counts. */
export type StreamPositions = ReadonlyMap<number, number>;

/** What reads `tags.raw`. */
export interface StreamProgress {
  /** Waits until everything in front of the positions is visible, at most `timeoutMs`; false if that was not enough. @throws StoreUnavailableError */
  reached(positions: StreamPositions, timeoutMs: number): Promise<boolean>;
}

/** How long a read waits for its `minOffset`. */
export const OFFSET_WAIT_MS = 10_000;

const PREFIX = 'tags.raw:';
const PLACES_MAX = 1_000;
const PLACE = /^(\d{1,6})@(\d{1,16})$/;
const RETRY_AFTER_SECONDS = 1;

/**
 * Positions in a form that whoever writes to `tags.raw` can make: `tags.raw:3@1207,5@88` stands for the records at offset 1207 of Kafka partition 3 and
 * at offset 88 of Kafka partition 5.
 *
 * @returns null if the text has another form. @throws HttpProblem 400.
 */
export function readRawPositions(text: string): StreamPositions | null {
  if (!text.startsWith(PREFIX)) return null;
  const places = text.slice(PREFIX.length).split(',');
  if (places.length > PLACES_MAX) throw invalidOffset(`minOffset names more than ${PLACES_MAX} records`);
  const positions = new Map<number, number>();
  for (const place of places) {
    const [, partition, offset] = PLACE.exec(place) ?? [];
    const position = Number(offset) + 1;
    if (partition === undefined || !Number.isSafeInteger(position)) {
      throw invalidOffset(
        `minOffset ${JSON.stringify(text.slice(0, 100))} names no records; write tags.raw:<partition>@<offset>, several separated by commas`,
      );
    }
    raise(positions, Number(partition), position);
  }
  return positions;
}

/** Sets a partition's position to the higher one. */
export function raise(positions: Map<number, number>, partition: number, position: number): void {
  positions.set(partition, Math.max(position, positions.get(partition) ?? 0));
}

/** 400. */
export function invalidOffset(message: string): HttpProblem {
  const errors: readonly LocatedError[] = [{ path: '/minOffset', code: 'invalidOffset', message }];
  return new HttpProblem('invalid-token', message, { errors });
}

/** 503. */
export function offsetNotReached(waitMsMax: number): HttpProblem {
  return new HttpProblem(
    'unavailable',
    `The write at minOffset was not visible within ${waitMsMax / 1_000} s; retry in ${RETRY_AFTER_SECONDS} s`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
