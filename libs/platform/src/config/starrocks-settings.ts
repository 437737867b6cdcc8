import type { Setting, SettingValue } from './setting';
import { oneOf, optional, setting, urls, wholeNumber } from './setting';

/** Where StarRocks is and how it is asked, as every program that asks it is told. */

const SECRET = { flag: null, secret: true } as const;
const LOCAL = 'mysql://root@127.0.0.1:9030';

/** Frontends of StarRocks, with one user and password for all. */
export type StarrocksUrls = readonly [string, ...string[]];

export interface StarrocksSettings {
  readonly starrocksDatabase: string;
  readonly starrocksTimeoutMs: number;
  readonly starrocksConcurrency: number;
  readonly starrocksWaiting: number;
}

/** A program that can do without. @param use what it is for, e.g. `that answers questions`; `none` is what happens without it. */
export function optionalStarrocksUrls(use: string, none: string): Setting<StarrocksUrls | null> {
  const meaning = `frontends of the StarRocks ${use}, separated by commas, such as ${LOCAL}; none: ${none}`;
  return { ...setting('STARROCKS_URL', '', meaning, optional(frontends)), ...SECRET };
}

/** A program that can't. @param use what it is for, e.g. `whose tables are to be changed`. */
export function starrocksUrls(use: string): Setting<StarrocksUrls> {
  return {
    ...setting('STARROCKS_URL', LOCAL, `frontends of the StarRocks ${use}, separated by commas`, frontends),
    ...SECRET,
  };
}

/** Of every program that asks StarRocks. */
export const STARROCKS_SETTINGS: { readonly [name in keyof StarrocksSettings]: Setting<StarrocksSettings[name]> } = {
  starrocksDatabase: setting('STARROCKS_DATABASE', 'tessera', 'the database in StarRocks', databaseName),
  starrocksTimeoutMs: setting(
    'STARROCKS_TIMEOUT_MS',
    '60000',
    'a statement that StarRocks has not answered after so many milliseconds is given up',
    wholeNumber(1_000, 86_400_000),
  ),
  starrocksConcurrency: setting(
    'STARROCKS_CONCURRENCY',
    '16',
    'statements under way at once, each on a connection of its own',
    wholeNumber(1, 1_000),
  ),
  starrocksWaiting: setting(
    'STARROCKS_WAITING',
    '256',
    'statements that may wait for one of those connections; more are refused',
    wholeNumber(0, 100_000),
  ),
};

/** For who loads by Stream Load. With the user and password of STARROCKS_URL. */
export const STARROCKS_HTTP_URLS: Setting<readonly [string, ...string[]] | null> = setting(
  'STARROCKS_HTTP_URLS',
  '',
  'the same frontends over HTTP, such as http://127.0.0.1:8030, for Stream Load; user and password go on to the backends that they name, by HTTPS alone if this is HTTPS; none: rows are written by INSERT',
  optional(httpFrontends),
);

export type StarrocksSqlShape = 'auto' | 'mixed' | 'bitmap';

/** How questions are written in SQL. */
export const STARROCKS_SQL_SHAPE: Setting<StarrocksSqlShape> = setting(
  'STARROCKS_SQL_SHAPE',
  'auto',
  'how a question is written in SQL: mixed (users one by one), bitmap (sets of users), auto (whichever is cheaper); answers are the same',
  oneOf(['auto', 'mixed', 'bitmap']),
);

/** How tables are made; of who may make them. All that make them must be told the same, and the API the profile model. */
export interface StarrocksTableSettings {
  readonly starrocksReplication: number;
  readonly starrocksBuckets: number;
  readonly starrocksProfileModel: 'primary' | 'aggregate';
  readonly starrocksPrimaryIndex: 'local' | 'cloud' | 'memory';
  readonly starrocksEventDays: number;
  readonly starrocksMigrationUrls: StarrocksUrls | null;
}

export const STARROCKS_TABLE_SETTINGS: {
  readonly [name in keyof StarrocksTableSettings]: Setting<StarrocksTableSettings[name]>;
} = {
  starrocksReplication: setting(
    'STARROCKS_REPLICATION',
    '3',
    'copies of each piece of data in StarRocks; 1 where there is one backend',
    wholeNumber(1, 9),
  ),
  starrocksBuckets: setting(
    'STARROCKS_BUCKETS',
    '8',
    'pieces that each StarRocks partition is cut into; can not be changed once there are tables',
    wholeNumber(1, 1_024),
  ),
  starrocksProfileModel: setting(
    'STARROCKS_PROFILE_MODEL',
    'primary',
    'how new profile tables are made: primary (any write), aggregate (REPLACE_IF_NOT_NULL: cheaper writes, but messages that clear tags are refused)',
    oneOf(['primary', 'aggregate']),
  ),
  starrocksPrimaryIndex: setting(
    'STARROCKS_PRIMARY_INDEX',
    'local',
    'where indexes of primary keys lie: local (disks of the backends), cloud (object store of a shared-data cluster), memory',
    oneOf(['local', 'cloud', 'memory']),
  ),
  starrocksEventDays: setting(
    'STARROCKS_EVENT_DAYS',
    '31',
    'days before the making of an event table that get a StarRocks partition each; older ones share one',
    wholeNumber(0, 3_660),
  ),
  starrocksMigrationUrls: {
    ...setting(
      'STARROCKS_MIGRATION_URL',
      '',
      'the same frontends with a user that may change tables; none: the user of STARROCKS_URL',
      optional(frontends),
    ),
    ...SECRET,
  },
};

/** `mysql://user:password@host:port`, all with the same user and password; the database is a setting of its own. */
function frontends(given: string): SettingValue<StarrocksUrls> {
  const parsed = urls(['mysql:'])(given);
  if (!parsed.ok) return parsed;
  const all = parsed.value.map((one) => new URL(one));
  const [first] = all;
  if (all.some(({ pathname }) => pathname !== '' && pathname !== '/')) {
    return { ok: false, problem: 'names a database; leave that out and set STARROCKS_DATABASE' };
  }
  if (all.some(({ search, hash }) => search !== '' || hash !== '')) {
    return { ok: false, problem: 'has something behind the port; leave that out' };
  }
  if (all.some(({ username, password }) => username !== first?.username || password !== first.password)) {
    return { ok: false, problem: 'has different users or passwords; all frontends know the same ones' };
  }
  return parsed;
}

function httpFrontends(given: string): SettingValue<readonly [string, ...string[]]> {
  const parsed = urls(['http:', 'https:'])(given);
  if (!parsed.ok) return parsed;
  const all = parsed.value.map((one) => new URL(one));
  if (all.some(({ username }) => username !== '')) {
    return { ok: false, problem: 'holds a user; that of STARROCKS_URL is used' };
  }
  if (all.some(({ pathname, search, hash }) => pathname !== '/' || search !== '' || hash !== '')) {
    return { ok: false, problem: 'has something behind the port; leave that out' };
  }
  return parsed;
}

/** A name as SQL takes it without quotes. */
function databaseName(given: string): SettingValue<string> {
  if (/^[a-z][a-z0-9_]{0,63}$/.test(given)) return { ok: true, value: given };
  return { ok: false, problem: 'is not a name; use a letter, then up to 63 letters, digits or "_", all lower-case' };
}
