import { Random } from './random';
import { WeightedChoice, zipfWeights } from './weighted-choice';

describe('Random', () => {
  it('gives the same numbers for the same seed and stream, others for another', () => {
    const draw = (seed: number, stream: number): number[] => {
      const random = new Random(seed, stream);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    expect(draw(7, 3)).toEqual(draw(7, 3));
    expect(draw(7, 3)).not.toEqual(draw(7, 4));
    expect(draw(7, 3)).not.toEqual(draw(8, 3));
    // Seeds beyond 32 bits differ too.
    expect(draw(7, 3)).not.toEqual(draw(7 + 2 ** 32, 3));
  });

  it('never changes: stored seeds stand for shops that are already loaded', () => {
    const random = new Random(20_111_209, 5);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([3_577_955_118, 746_302_082, 648_692_356]);
  });

  it('is uniform, and restarts where it began', () => {
    const random = new Random(1);
    const first = random.uint32();
    const bins = new Array<number>(16).fill(0);
    const draws = 160_000;
    for (let draw = 0; draw < draws; draw += 1) {
      const bin = Math.floor(random.unit() * 16);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    // Five deviations of a binomial around 10,000.
    for (const bin of bins) expect(Math.abs(bin - draws / 16)).toBeLessThan(490);
    random.restart(1, 0);
    expect(random.uint32()).toBe(first);
  });

  it('draws the means it is asked for', () => {
    const random = new Random(2);
    const mean = (draw: () => number): number => {
      let sum = 0;
      for (let index = 0; index < 50_000; index += 1) sum += draw();
      return sum / 50_000;
    };
    expect(mean(() => random.normal())).toBeCloseTo(0, 1);
    expect(mean(() => random.normal() ** 2)).toBeCloseTo(1, 1);
    expect(mean(() => random.exponential(5)) / 5).toBeCloseTo(1, 1);
    expect(mean(() => random.poisson(3.5)) / 3.5).toBeCloseTo(1, 1);
    expect(mean(() => random.poisson(120)) / 120).toBeCloseTo(1, 1);
    expect(mean(() => random.between(3, 9)) / 6).toBeCloseTo(1, 1);
    expect(mean(() => (random.chance(0.3) ? 1 : 0))).toBeCloseTo(0.3, 1);
  });
});

describe('WeightedChoice', () => {
  it('draws each index in proportion to its weight', () => {
    const weights = [5, 0, 1, 10, 4];
    const choice = new WeightedChoice(weights);
    const random = new Random(3);
    const counts = weights.map(() => 0);
    for (let draw = 0; draw < 100_000; draw += 1) {
      const index = choice.draw(random);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    weights.forEach((weight, index) => expect((counts[index] ?? 0) / 100_000).toBeCloseTo(weight / 20, 2));
  });

  it('refuses weights that add up to nothing', () => {
    expect(() => new WeightedChoice([0, 0])).toThrow(RangeError);
    expect(() => new WeightedChoice([])).toThrow(RangeError);
  });

  it('Zipf weights fall with the rank', () => {
    expect(zipfWeights(3, 1)).toEqual([1, 1 / 2, 1 / 3]);
  });
});
