import type { DataVersion } from '@tessera/audience';
import type { VerificationReport, Verifier } from '@tessera/http-api';
import type { StarrocksCheck, StarrocksUsers } from '@tessera/starrocks-engine';
import type { GuidLookup } from '../users/guid-lookup';

/** Users compared with the identity, from some place drawn at random on. */
const SAMPLE = 1_000;
const SHOWN_MAX = 10;

export interface UserCheckOptions {
  readonly check: Pick<StarrocksCheck, 'findings' | 'users' | 'eventRows' | 'dataVersion'>;
  readonly users: Pick<StarrocksUsers, 'pairsFrom' | 'highestGuid'>;
  readonly lookup: Pick<GuidLookup, 'find'>;
}

/** Compares what StarRocks holds with itself, and a sample of its users with the identity. */
export class UserCheck implements Verifier {
  constructor(private readonly options: UserCheckOptions) {}

  async verify(): Promise<VerificationReport> {
    const { check } = this.options;
    const dataVersion: DataVersion = await check.dataVersion();
    const findings = [...(await check.findings()), ...(await this.#compareSample())];
    return { findings, users: await check.users(), tagShards: null, eventRows: await check.eventRows(), dataVersion };
  }

  /** Those who differ twice: an erasure takes effect in the identity first. */
  async #compareSample(): Promise<readonly string[]> {
    const { users, lookup } = this.options;
    const from = 1 + Math.floor(Math.random() * Math.max(1, (await users.highestGuid()) - SAMPLE));
    const compare = async (): Promise<ReadonlySet<string>> => {
      const pairs = await users.pairsFrom(from, SAMPLE);
      const guids = await lookup.find(pairs.map(({ cuid }) => cuid));
      const differing = pairs.flatMap(({ guid, cuid }, place) =>
        guids[place] === guid
          ? []
          : [
              `The user ${JSON.stringify(cuid)} has guid ${guid} in StarRocks and ${shown(guids[place])} in the identity.`,
            ],
      );
      return new Set(differing);
    };
    const first = await compare();
    if (first.size === 0) return [];
    const again = await compare();
    return [...first].filter((finding) => again.has(finding)).slice(0, SHOWN_MAX);
  }
}

function shown(guid: number | undefined): string {
  return guid === undefined || guid === 0 ? 'none' : String(guid);
}
