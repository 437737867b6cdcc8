import { coldRulesBench } from './cold-rules/cold-rules-bench';
import { countBench } from './count/count-bench';
import { countLargeBench } from './count/count-large-bench';
import type { Bench } from './framework/bench';
import { growthBench } from './growth/growth-bench';
import { membersBench } from './members/members-bench';
import { rangeBench } from './range/range-bench';

/** Every bench, in the order in which `all` runs them. */
export const BENCHES: readonly Bench[] = [
  countBench,
  countLargeBench,
  rangeBench,
  coldRulesBench,
  membersBench,
  growthBench,
];
