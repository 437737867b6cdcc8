import { coldRulesBench } from './cold-rules/cold-rules-bench';
import { endToEndBench } from './end-to-end/end-to-end-bench';
import { countBench } from './count/count-bench';
import { countLargeBench } from './count/count-large-bench';
import { eventsBench } from './events/events-bench';
import { fairnessBench } from './fairness/fairness-bench';
import type { Bench } from './framework/bench';
import { freshnessBench } from './freshness/freshness-bench';
import { growthBench } from './growth/growth-bench';
import { identityCacheBench } from './identity/identity-cache-bench';
import { identityRedisBench } from './identity/identity-redis-bench';
import { identityBench } from './identity-local/identity-bench';
import { lookupBench } from './lookup/lookup-bench';
import { mappingBench } from './mapping/mapping-bench';
import { membersBench } from './members/members-bench';
import { onlineProfileBench } from './profile/online-profile-bench';
import { rangeBench } from './range/range-bench';
import { restartBench } from './restart/restart-bench';
import { starrocksCompileBench } from './starrocks/starrocks-compile-bench';
import { starrocksDecodeBench } from './starrocks/starrocks-decode-bench';
import { rewriteBench } from './write/rewrite-bench';
import { starrocksWriteBench } from './starrocks/starrocks-write-bench';
import { writeBench } from './write/write-bench';

/** Every bench, in the order in which `all` runs them. */
export const BENCHES: readonly Bench[] = [
  countBench,
  countLargeBench,
  rangeBench,
  eventsBench,
  coldRulesBench,
  membersBench,
  writeBench,
  rewriteBench,
  freshnessBench,
  endToEndBench,
  lookupBench,
  fairnessBench,
  identityBench,
  identityCacheBench,
  identityRedisBench,
  mappingBench,
  onlineProfileBench,
  starrocksCompileBench,
  starrocksDecodeBench,
  starrocksWriteBench,
  restartBench,
  growthBench,
];
