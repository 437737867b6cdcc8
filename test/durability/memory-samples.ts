import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const METRICS = ['rss', 'heapUsed', 'external', 'arrayBuffers'] as const;
type Metric = (typeof METRICS)[number];

const MIB = 2 ** 20;
/** The last third of a run may need this much more than the middle third: a part of it and a fixed number of bytes, since garbage and pages come and go. */
const GROWTH: { readonly [metric in Metric]: { readonly part: number; readonly bytes: number } } = {
  rss: { part: 0.15, bytes: 24 * MIB },
  heapUsed: { part: 0.1, bytes: 8 * MIB },
  external: { part: 0.1, bytes: 8 * MIB },
  arrayBuffers: { part: 0.1, bytes: 8 * MIB },
};

/** Memory of this process over time, each sample after a garbage collection. */
export class MemorySamples {
  readonly #samples: NodeJS.MemoryUsage[] = [];
  readonly #collect: () => void;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  take(): void {
    // Buffers freed by finalizers of the first one go with the second.
    this.#collect();
    this.#collect();
    this.#samples.push(process.memoryUsage());
  }

  /** One line for each metric: means of the middle and the last third in MiB, the bound, and whether it holds. */
  judge(): { readonly lines: readonly string[]; readonly isFlat: boolean } {
    const third = Math.floor(this.#samples.length / 3);
    const mean = (metric: Metric, from: number): number =>
      this.#samples.slice(from, from + third).reduce((sum, sample) => sum + sample[metric], 0) / Math.max(third, 1);
    let isFlat = true;
    const lines = METRICS.map((metric) => {
      const middle = mean(metric, third);
      const last = mean(metric, this.#samples.length - third);
      const bound = middle * (1 + GROWTH[metric].part) + GROWTH[metric].bytes;
      isFlat &&= last <= bound;
      const verdict = last <= bound ? 'flat' : 'GROWS';
      return `${metric.padEnd(12)} middle third ${mib(middle)}, last third ${mib(last)}, bound ${mib(bound)}: ${verdict}`;
    });
    return { lines, isFlat };
  }
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
