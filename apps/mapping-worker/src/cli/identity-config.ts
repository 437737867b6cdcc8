import { optionalStarrocksUrls, STARROCKS_SETTINGS } from '@tessera/platform';
import type { Program, StarrocksSettings, StarrocksUrls } from '@tessera/platform';
import { MAPPING_WORKER } from '../config';
import type { MappingWorkerConfig } from '../config';

export interface IdentityConfig
  extends MappingWorkerConfig, Pick<StarrocksSettings, 'starrocksDatabase' | 'starrocksTimeoutMs'> {
  readonly starrocksUrls: StarrocksUrls | null;
}

/** Everything `npm run identity` can be told: what the mapping worker can, and where the reverse map is. */
export const IDENTITY: Program<IdentityConfig> = {
  ...MAPPING_WORKER,
  settings: {
    ...MAPPING_WORKER.settings,
    starrocksUrls: optionalStarrocksUrls('that has guids with their cuids', 'that reverse map is not verified'),
    starrocksDatabase: STARROCKS_SETTINGS.starrocksDatabase,
    starrocksTimeoutMs: STARROCKS_SETTINGS.starrocksTimeoutMs,
  },
};
