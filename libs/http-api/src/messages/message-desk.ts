import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Metrics } from '@tessera/platform';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { MessageRate } from '../operations/message-rate';
import { HttpProblem } from '../problem/http-problem';
import { bodyChunks, readBody } from '../requests/body-stream';
import { ClientGoneError } from '../requests/client-gone-error';
import { acceptContentType } from '../requests/content-type';
import type { StreamGate } from '../requests/gate';
import { JSON_BODY_BYTES_MAX } from '../requests/json-body.guard';
import { IntakeFailure } from './message-intake';
import type { IntakeResult, MessageIntake } from './message-intake';

/** Serves `POST /v1/messages`. */
export class MessageDesk {
  constructor(
    private readonly intake: MessageIntake,
    private readonly gate: StreamGate,
    private readonly rate: MessageRate,
    private readonly metrics: Metrics,
  ) {}

  /** @throws HttpProblem 400, 413, 415, 429, 503; the last with what was applied before. */
  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const leave = this.gate.enter();
    try {
      const type = acceptContentType(request, ['application/json', 'application/x-ndjson']);
      const taken =
        type === 'application/json'
          ? await this.intake.takeArray(await readBody(request, JSON_BODY_BYTES_MAX))
          : await this.intake.takeLines(bodyChunks(request));
      await this.#answer(taken, response);
    } catch (error) {
      if (!(error instanceof IntakeFailure)) throw error;
      throw this.#refusal(error);
    } finally {
      leave();
    }
  }

  async #answer(taken: IntakeResult, response: ServerResponse): Promise<void> {
    try {
      const head = JSON.stringify(this.#summary(taken));
      const text = async function* (): AsyncGenerator<string, void, undefined> {
        yield `${head.slice(0, -1)},"rejected":`;
        yield* taken.rejections.text();
        yield '}';
      };
      response.statusCode = 200;
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      await pipeline(Readable.from(text(), { objectMode: false }), response).catch((error: unknown) => {
        // The caller did not wait for the answer; the messages are in.
        if (!response.destroyed) throw error;
      });
    } finally {
      taken.rejections.dispose();
    }
  }

  /** Counts what was taken for the metrics; to be called once a request. */
  #summary({ tally, rejections, writer }: IntakeResult): object {
    const { decides } = this.intake.sink;
    const { accepted, stale, duplicate } = tally;
    this.metrics.addMessages('accepted', accepted);
    this.metrics.addMessages('stale', stale);
    this.metrics.addMessages('duplicate', duplicate);
    this.metrics.addMessages('rejected', rejections.count);
    this.rate.add(accepted + stale + duplicate + rejections.count);
    const offset = writer.offset();
    return { accepted, stale: decides ? stale : null, duplicate: decides ? duplicate : null, offset };
  }

  /** What was applied before the request failed stays applied, and the caller is told how much it was. */
  #refusal({ reason, soFar }: IntakeFailure): unknown {
    const applied = { ...this.#summary(soFar), rejectedCount: soFar.rejections.count };
    soFar.rejections.dispose();
    if (reason instanceof ClientGoneError) return reason;
    const extensions = { applied };
    if (reason instanceof HttpProblem) {
      return new HttpProblem(reason.slug, reason.detail, { ...reason.options, extensions });
    }
    if (reason instanceof StoreUnavailableError) {
      const detail = `${reason.message}; messages before that stay applied (see applied)`;
      return new HttpProblem(
        'unavailable',
        detail,
        reason.retriable ? { retryAfterSeconds: 1, extensions } : { extensions },
      );
    }
    return reason;
  }
}
