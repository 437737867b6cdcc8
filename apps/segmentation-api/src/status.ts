import type { StatusReader, StoreStatus } from '@tessera/http-api';
import type { PartitionLag } from '@tessera/kafka';
import { inTime } from '@tessera/platform';

/** Every topic is asked about for the lags: of many, or for the first time, that may take seconds. */
const ANSWER_MS_MAX = 6_000;

/** What is asked for the status. Each may fail, or not answer for seconds: what is not known is null. */
export interface StatusSources {
  /** Cuids bound. */
  readonly bound: () => Promise<number>;
  readonly rememberedIds: () => Promise<number>;
  /** Records that the workers have not done yet, by who has to. */
  readonly lags: readonly { readonly name: string; readonly read: () => Promise<readonly PartitionLag[]> }[];
}

/** The state of the distributed shape as one API process sees it. */
export class DistributedStatus implements StatusReader {
  constructor(private readonly sources: StatusSources) {}

  async status(): Promise<StoreStatus> {
    const { bound, rememberedIds, lags } = this.sources;
    const [usersBound, ids, ...records] = await Promise.all([
      known(bound),
      known(rememberedIds),
      ...lags.map(({ read }) => known(async () => sumOf(await read()))),
    ]);
    const isLagKnown = records.every((lag) => lag !== null);
    return {
      usersBound,
      rememberedIds: ids,
      rememberedIdsMax: null,
      dataDirectoryBytes: null,
      lag: isLagKnown ? records.reduce((sum, lag) => sum + lag, 0) : null,
      memory: null,
      details: Object.fromEntries(lags.map(({ name }, place) => [name, records[place] ?? null])),
    };
  }
}

function sumOf(lags: readonly PartitionLag[]): number {
  return lags.reduce((sum, { records }) => sum + records, 0);
}

async function known(ask: () => Promise<number>): Promise<number | null> {
  try {
    return await inTime(ask(), ANSWER_MS_MAX);
  } catch {
    return null;
  }
}
