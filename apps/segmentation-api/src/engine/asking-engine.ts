import { UnanswerableError } from '@tessera/audience';
import type { DistributionRequest, PlanNode, SegmentationEngine } from '@tessera/audience';
import { LeafLimitError, StatementLimitError } from '@tessera/starrocks-engine';
import type { StarrocksEngine, StatementOptions } from '@tessera/starrocks-engine';
import type { Guid } from '@tessera/tag-catalog';
import { callerGone } from './caller';

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
  const signal = callerGone();
  try {
    return await answer(signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof LeafLimitError || error instanceof StatementLimitError) {
      throw new UnanswerableError(error.message, { cause: error });
    }
    throw error;
  }
}
