import { isUtf8 } from 'node:buffer';
import { firstInvalidByte, parseJsonBytes, parseJsonText } from '@tessera/platform';
import { parseMessage, parseOrDeclare } from '@tessera/tag-catalog';
import type { CatalogStore, MessageOptions, ParsedMessage, Rejection } from '@tessera/tag-catalog';
import { HttpProblem } from '../problem/http-problem';
import { MessagePipeline } from './message-pipeline';
import type { Tally } from './message-pipeline';
import type { MessageSink, MessageWriter } from './message-sink';
import { Rejections } from './rejections';
import { splitArray } from './split-array';
import { untilAborted } from '../requests/until-aborted';
import { isBlank, LineSplitter } from './split-lines';

/** An NDJSON line: 1 MiB. */
export const LINE_BYTES_MAX = 1024 * 1024;
/** So many refused messages end a request: their list would fill the disk. */
const REJECTED_MAX = 10_000_000;
/** Elements of an array checked between two turns of the event loop: 1 to 2 ms. */
const ELEMENTS_A_TURN = 256;
/** Refusals that a change of the catalogue a moment ago, in another process, may have made wrong. */
const MAYBE_OUTDATED: ReadonlySet<string> = new Set(['unknownType', 'unknownField', 'notListed', 'expired']);
/** For so long after the last look a request does not look again. */
const REFRESHED_MS = 250;

export interface IntakeOptions {
  readonly messages: MessageOptions;
  readonly temporaryDirectory: string;
  /** Aborted when the process shuts down: a stream ends where it is. */
  readonly drain: AbortSignal;
}

/** What was done with the messages of one request. Call `rejections.dispose()` when they are written. */
export interface IntakeResult {
  readonly tally: Tally;
  readonly rejections: Rejections;
  readonly writer: MessageWriter;
}

/** A request that could not be taken to its end; what was applied before stays applied. */
export class IntakeFailure extends Error {
  override readonly name = 'IntakeFailure';
  constructor(
    readonly reason: unknown,
    readonly soFar: IntakeResult,
  ) {
    super('the messages were taken in part only');
  }
}

/** Takes messages from requests into the store: reads, checks, batches, and sums up what became of each. */
export class MessageIntake {
  constructor(
    private readonly catalogStore: CatalogStore,
    readonly sink: MessageSink,
    private readonly clock: () => number,
    private readonly options: IntakeOptions,
  ) {}

  /**
   * NDJSON of any length. `index` is the line's number from 0, blank lines counted.
   *
   * @throws IntakeFailure with what the stream or the store failed with.
   */
  takeLines(chunks: AsyncIterable<Buffer>): Promise<IntakeResult> {
    return this.#take(async (session) => {
      const splitter = new LineSplitter(LINE_BYTES_MAX);
      for await (const chunk of untilAborted(chunks, this.options.drain, shuttingDown)) {
        for (const line of splitter.push(chunk)) {
          if (session.takeLine(line) !== undefined) await session.catchUp();
        }
        session.offer();
        session.check();
      }
      for (const line of splitter.end()) {
        if (session.takeLine(line) !== undefined) await session.catchUp();
      }
    });
  }

  /**
   * A JSON array, whole. An element with bytes that are not UTF-8 is refused by itself.
   *
   * @throws HttpProblem 400 if it is no JSON array; nothing is applied then. IntakeFailure.
   */
  async takeArray(bytes: Buffer): Promise<IntakeResult> {
    const elements = parseArray(bytes);
    return this.#take(async (session) => {
      for (const [index, element] of elements.entries()) {
        if (session.takeElement(element) !== undefined) await session.catchUp();
        if (index % ELEMENTS_A_TURN === ELEMENTS_A_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
        session.check();
      }
    });
  }

  async #take(work: (session: Session) => Promise<void>): Promise<IntakeResult> {
    const rejections = new Rejections(this.options.temporaryDirectory);
    const writer = this.sink.begin();
    const pipeline = new MessagePipeline(writer, rejections, this.clock);
    const result = { tally: pipeline.tally, rejections, writer };
    try {
      await work(new Session(this.catalogStore, pipeline, rejections, this.options));
      await pipeline.finish();
      return result;
    } catch (error) {
      await pipeline.settle();
      throw new IntakeFailure(error, result);
    }
  }
}

type Element = { readonly raw: unknown; readonly bytes: number } | { readonly rejection: Rejection };

/** A message that waits for a field to be declared, or for news of the catalogue. */
interface WaitingMessage {
  readonly raw: unknown;
  readonly index: number;
  readonly bytes: number;
}

/** One request's way through the messages. Taking is synchronous; only when it says so there is something to wait for. */
class Session {
  #index = 0;
  #waiting: WaitingMessage | undefined;
  #refreshedMs = -Infinity;

  constructor(
    private readonly catalogStore: CatalogStore,
    private readonly pipeline: MessagePipeline,
    private readonly rejections: Rejections,
    private readonly options: IntakeOptions,
  ) {}

  /** @returns `wait` if `catchUp` must be awaited before the next one. */
  takeLine(line: Buffer | 'tooLarge'): 'wait' | undefined {
    if (line === 'tooLarge') {
      const detail = `the line is longer than ${LINE_BYTES_MAX} bytes; make the message smaller, or split it`;
      return this.takeElement({ rejection: { code: 'tooLarge', detail } });
    }
    if (isBlank(line)) {
      this.#index++;
      return undefined;
    }
    const parsed = parseJsonBytes(line);
    if (parsed.ok) return this.takeElement({ raw: parsed.value, bytes: line.length });
    return this.takeElement({ rejection: { code: parsed.code, detail: `the line is not JSON: ${parsed.message}` } });
  }

  takeElement(element: Element): 'wait' | undefined {
    const index = this.#index++;
    if ('rejection' in element) {
      this.pipeline.reject(index, element.rejection);
    } else {
      const parsed = this.#parse(element.raw);
      const message = { raw: element.raw, index, bytes: element.bytes };
      if (parsed.kind === 'undeclared' || this.#mayBeOutdated(parsed)) this.#waiting = message;
      else this.#put(parsed, message);
    }
    return this.pipeline.full || this.#waiting !== undefined ? 'wait' : undefined;
  }

  /** Fetches or declares what the last message waits for, and hands over a full batch. */
  async catchUp(): Promise<void> {
    if (this.#waiting !== undefined) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      await this.pipeline.flush();
      await this.#refresh();
      await this.#declareAndPut(waiting);
    }
    if (this.pipeline.full) await this.pipeline.flush();
  }

  offer(): void {
    this.pipeline.offer();
  }

  /** Ends the request when the process shuts down, or when more was refused than can be listed. */
  check(): void {
    if (this.options.drain.aborted) throw shuttingDown();
    if (this.rejections.count >= REJECTED_MAX) {
      throw new HttpProblem(
        'too-large',
        `${REJECTED_MAX} messages of one request were rejected; check the form of the messages and send fewer at once`,
      );
    }
  }

  #parse(raw: unknown): ParsedMessage {
    return parseMessage(this.catalogStore.current(), raw, this.pipeline.arrivalMs, this.options.messages);
  }

  #mayBeOutdated(parsed: Exclude<ParsedMessage, { kind: 'undeclared' }>): boolean {
    if (parsed.kind === 'message' || this.catalogStore.refresh === undefined) return false;
    return MAYBE_OUTDATED.has(parsed.rejection.code) && performance.now() - this.#refreshedMs > REFRESHED_MS;
  }

  /** Where that can't be done the last known catalogue goes on being used. */
  async #refresh(): Promise<void> {
    await this.catalogStore.refresh?.().catch(() => undefined);
    this.#refreshedMs = performance.now();
  }

  #put(parsed: Exclude<ParsedMessage, { kind: 'undeclared' }>, { raw, index, bytes }: WaitingMessage): void {
    if (parsed.kind === 'message') this.pipeline.add(parsed.message, raw, index, bytes);
    else this.pipeline.reject(index, parsed.rejection);
  }

  async #declareAndPut(message: WaitingMessage): Promise<void> {
    const { catalogStore, pipeline, options } = this;
    this.#put(await parseOrDeclare(catalogStore, message.raw, pipeline.arrivalMs, options.messages), message);
  }
}

function shuttingDown(): HttpProblem {
  return new HttpProblem('unavailable', 'The server is shutting down; send what was not taken again', {
    retryAfterSeconds: 5,
    closeConnection: true,
  });
}

/** The elements of the array, each read or refused by itself. */
function parseArray(bytes: Buffer): readonly Element[] {
  const valid = isUtf8(bytes);
  // Bytes that are not UTF-8 become U+FFFD, which inside a string is as good as any: the structure can be judged as it is.
  const parsed = parseJsonText(bytes.toString('utf8'));
  if (!parsed.ok) {
    throw new HttpProblem('invalid-json', `The body is not JSON: ${parsed.message}; nothing was applied`, {
      errors: [{ path: '', code: parsed.code, message: parsed.message }],
    });
  }
  const elements: unknown = parsed.value;
  if (!Array.isArray(elements)) {
    const message = 'The body must be a JSON array of messages; a single message is sent as [message]';
    throw new HttpProblem('invalid-request', message, { errors: [{ path: '', code: 'invalidType', message }] });
  }
  const meanBytes = Math.ceil(bytes.length / Math.max(1, elements.length));
  if (valid) return elements.map((raw: unknown) => ({ raw, bytes: meanBytes }));
  const spans = splitArray(bytes);
  return elements.map((raw: unknown, index): Element => {
    const span = spans[index];
    const own = span === undefined ? bytes : bytes.subarray(span.start, span.end);
    if (isUtf8(own)) return { raw, bytes: own.length };
    const detail = `byte ${firstInvalidByte(own)} of the message is not UTF-8; encode it as UTF-8`;
    return { rejection: { code: 'invalidUtf8', detail } };
  });
}
