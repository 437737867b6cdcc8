import type { ReadOffsets } from './offsets';
import { invalidOffset, OFFSET_WAIT_MS, offsetNotReached, raise, readRawPositions } from './raw-positions';
import type { StreamPositions, StreamProgress } from './raw-positions';
import { SignedTokens } from './signed-tokens';

/** Offset tokens of the distributed shape: positions in the Kafka partitions of `tags.raw`. */
export class StreamOffsets implements ReadOffsets {
  readonly #tokens: SignedTokens;
  /** Of all that this process has written. */
  readonly #newest = new Map<number, number>();

  /** @param refresh fetches what other processes have changed of the tag catalogue. */
  constructor(
    secret: Uint8Array,
    private readonly refresh: () => Promise<void>,
    private readonly stream: StreamProgress,
    private readonly waitMsMax = OFFSET_WAIT_MS,
  ) {
    this.#tokens = new SignedTokens(secret, 'tags.raw');
  }

  /** @param positions none: those of all that this process has written. */
  issue(positions: StreamPositions): string {
    for (const [partition, position] of positions) raise(this.#newest, partition, position);
    return this.#tokens.issue(encode(positions.size === 0 ? this.#newest : positions));
  }

  /** @throws HttpProblem 400 for a token that was never issued. */
  read(token: string): StreamPositions {
    const raw = readRawPositions(token);
    if (raw !== null) return raw;
    const payload = this.#tokens.read(token);
    const positions = payload === undefined ? null : decode(payload);
    if (positions !== null) return positions;
    throw invalidOffset('minOffset was never issued by this service; use the offset that a write answered');
  }

  async waitFor(token: string | undefined): Promise<void> {
    if (token === undefined) return;
    const positions = this.read(token);
    await this.refresh();
    if (!(await this.stream.reached(positions, this.waitMsMax))) throw offsetNotReached(this.waitMsMax);
  }

  async waitForCatalogue(token: string | undefined): Promise<void> {
    if (token === undefined) return;
    this.read(token);
    await this.refresh();
  }
}

// A format byte, then of each partition its number and position as varints (7 bits a byte, lowest first), by partition.
const FORMAT = 1;

function encode(positions: StreamPositions): Buffer {
  const bytes = [FORMAT];
  for (const pair of [...positions].sort(([left], [right]) => left - right)) {
    for (let rest of pair) {
      for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
      bytes.push(rest);
    }
  }
  return Buffer.from(bytes);
}

function decode(payload: Buffer): StreamPositions | null {
  if (payload[0] !== FORMAT) return null;
  const numbers: number[] = [];
  let value = 0;
  let unit = 1;
  for (const byte of payload.subarray(1)) {
    value += (byte & 0x7f) * unit;
    unit *= 0x80;
    if (byte >= 0x80) continue;
    numbers.push(value);
    [value, unit] = [0, 1];
  }
  if (unit !== 1 || numbers.length % 2 !== 0 || !numbers.every(Number.isSafeInteger)) return null;
  const positions = new Map<number, number>();
  for (let at = 0; at < numbers.length; at += 2) positions.set(numbers[at] ?? 0, numbers[at + 1] ?? 0);
  return positions;
}
