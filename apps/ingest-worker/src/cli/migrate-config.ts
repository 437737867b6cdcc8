import { mysqlUrl, SETTINGS, STARROCKS_SETTINGS, STARROCKS_TABLE_SETTINGS, starrocksUrls } from '@tessera/platform';
import type { Program, StarrocksSettings, StarrocksTableSettings, StarrocksUrls } from '@tessera/platform';

export interface MigrateConfig
  extends StarrocksTableSettings, Pick<StarrocksSettings, 'starrocksDatabase' | 'starrocksTimeoutMs'> {
  readonly starrocksUrls: StarrocksUrls;
  readonly mysqlUrl: string;
  readonly stringBytesMax: number;
  readonly futureHours: number;
}

/** Everything `npm run migrate` can be told. */
export const MIGRATE: Program<MigrateConfig> = {
  title: 'Brings the tables in StarRocks to what the tag catalogue asks for; workers may run meanwhile.',
  usage: `npm run migrate -- [--dry-run] [--drop-removed] [--option value …]

  --dry-run        prints the statements, each with its reason, and changes nothing
  --drop-removed   also drops the tables of tag types that were removed`,
  settings: {
    mysqlUrl: mysqlUrl('that hands out numbers and holds the tag catalogue'),
    starrocksUrls: starrocksUrls('whose tables are to be as the catalogue says'),
    starrocksDatabase: STARROCKS_SETTINGS.starrocksDatabase,
    starrocksTimeoutMs: STARROCKS_SETTINGS.starrocksTimeoutMs,
    ...STARROCKS_TABLE_SETTINGS,
    stringBytesMax: SETTINGS.stringBytesMax,
    futureHours: SETTINGS.futureHours,
  },
  problemsOf: () => [],
};
