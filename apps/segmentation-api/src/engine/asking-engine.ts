import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UnanswerableError } from '@tessera/audience';
import type { DistributionRequest, PlanNode, SegmentationEngine } from '@tessera/audience';
import { LeafLimitError, StatementLimitError } from '@tessera/starrocks-engine';
import type { StarrocksEngine, StatementOptions } from '@tessera/starrocks-engine';
import type { Guid } from '@tessera/tag-catalog';

/** Aborted when the caller of the request under way is gone. */
const callers = new AsyncLocalStorage<AbortSignal>();

/** Middleware: what is asked of the engine for a request ends when its caller hangs up. */
export function followCaller(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the caller is gone'));
  });
  callers.run(gone.signal, next);
}

/** The StarRocks engine as requests ask it: statements end with their caller, and limits are told as the question's own. */
export class AskingEngine implements SegmentationEngine {
  readonly name: string;

  constructor(private readonly engine: StarrocksEngine) {
    this.name = engine.name;
  }

  counts(nodes: readonly PlanNode[]): ReturnType<SegmentationEngine['counts']> {
    return ask((options) => this.engine.counts(nodes, options));
  }

  materialise(node: PlanNode): ReturnType<SegmentationEngine['materialise']> {
    return ask((options) => this.engine.materialise(node, options));
  }

  contains(node: PlanNode, guids: readonly Guid[]): ReturnType<SegmentationEngine['contains']> {
    return ask((options) => this.engine.contains(node, guids, options));
  }

  distribution(
    node: PlanNode,
    requests: readonly DistributionRequest[],
    top: number,
  ): ReturnType<SegmentationEngine['distribution']> {
    return ask((options) => this.engine.distribution(node, requests, top, options));
  }

  async statementsOf(nodes: readonly PlanNode[]): Promise<string> {
    const { shape, reason, placements, statements } = await ask((options) => this.engine.explain(nodes, options));
    const notes = [`${shape}: ${reason}`, ...placements].map((note) => `-- ${note}`).join('\n');
    return [notes, ...statements.map((statement) => `${statement};`)].join('\n\n');
  }
}

async function ask<T>(answer: (options: StatementOptions) => Promise<T>): Promise<T> {
  const signal = callers.getStore();
  try {
    return await answer(signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof LeafLimitError || error instanceof StatementLimitError) {
      throw new UnanswerableError(error.message, { cause: error });
    }
    throw error;
  }
}
