import { Random } from '../../apps/standalone/src/sample/random';

/** Whole numbers below a limit, the same for one seed. */
export function seededRandom(seed: number): (limit: number) => number {
  const random = new Random(seed, 21);
  return (limit) => random.between(0, limit - 1);
}
