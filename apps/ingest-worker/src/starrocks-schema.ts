import type { StarrocksSettings, StarrocksTableSettings } from '@tessera/platform';
import { schemaDefaults } from '@tessera/starrocks-engine';
import type { SchemaOptions } from '@tessera/starrocks-engine';

/** Days beyond the one that lies as far ahead as a message may: for workers whose clock is behind, and a keeper that has stopped for a while. */
const DAYS_SPARE = 2;

export interface SchemaSettings extends StarrocksTableSettings, Pick<StarrocksSettings, 'starrocksDatabase'> {
  readonly stringBytesMax: number;
  readonly futureHours: number;
}

/** How tables are made; the same for all who make them. */
export function schemaOptionsOf(config: SchemaSettings): SchemaOptions {
  const { starrocksDatabase, starrocksReplication, starrocksBuckets, stringBytesMax, futureHours } = config;
  return {
    ...schemaDefaults(starrocksDatabase),
    replication: starrocksReplication,
    buckets: starrocksBuckets,
    bitmapBuckets: starrocksBuckets,
    stringBytesMax,
    profileModel: config.starrocksProfileModel,
    primaryIndex: config.starrocksPrimaryIndex,
    eventDays: { back: config.starrocksEventDays, ahead: Math.ceil(futureHours / 24) + DAYS_SPARE },
  };
}
