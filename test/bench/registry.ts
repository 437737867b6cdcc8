import { countBench } from './count/count-bench';
import type { Bench } from './framework/bench';

/** Every bench, in the order in which `all` runs them. */
export const BENCHES: readonly Bench[] = [countBench];
