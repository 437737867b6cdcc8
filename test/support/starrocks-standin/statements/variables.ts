import { StarrocksError } from '../starrocks-error';

/** Variables of a session that the stand-in knows, and their defaults (STARROCKS.md section 4). Only the two timeouts change anything here. */
const DEFAULTS: Readonly<Record<string, string>> = {
  query_timeout: '300',
  insert_timeout: '14400',
  pipeline_dop: '0',
  enable_query_cache: 'false',
  cbo_cte_reuse: 'true',
  query_mem_limit: '0',
  resource_group: '',
  custom_query_id: '',
  new_planner_optimize_timeout: '3000',
  tx_visible_wait_timeout: '10',
  enable_insert_strict: 'true',
  enable_insert_partial_update: 'true',
  partial_update_mode: 'auto',
  enable_prepare_stmt: 'true',
  sql_mode: 'ONLY_FULL_GROUP_BY',
  time_zone: 'UTC',
  autocommit: 'true',
  names: 'utf8',
  max_allowed_packet: '33554432',
  net_write_timeout: '60',
  wait_timeout: '28800',
  version_comment: 'stand-in for StarRocks',
};
/** Values that mean something here. */
const SECONDS = new Set(['query_timeout', 'insert_timeout']);

export class Variables {
  readonly #set = new Map<string, string>();

  set(name: string, value: string): void {
    checkVariable(name, value);
    this.#set.set(name, value);
  }

  get(name: string, hints?: ReadonlyMap<string, string>): string | null {
    return hints?.get(name) ?? this.#set.get(name) ?? DEFAULTS[name] ?? null;
  }

  /** @param hints SET_VAR of the statement, which hold for it alone. */
  seconds(name: 'query_timeout' | 'insert_timeout', hints: ReadonlyMap<string, string>): number {
    return Number(this.get(name, hints));
  }

  get all(): readonly (readonly [name: string, value: string])[] {
    return Object.keys(DEFAULTS).map((name) => [name, this.get(name) ?? '']);
  }

  reset(): void {
    this.#set.clear();
  }
}

/** @throws StarrocksError 1193 for a variable that nobody knows, 1231 for a value that it can't have. */
export function checkVariable(name: string, value: string): void {
  if (DEFAULTS[name] === undefined) throw new StarrocksError(`Unknown system variable '${name}'`, 1193);
  if (SECONDS.has(name) && !/^[1-9]\d{0,8}$/.test(value)) {
    throw new StarrocksError(`Variable '${name}' can't be set to the value of '${value}'`, 1231);
  }
}
