import type { PositionedConsumer } from '@tessera/kafka';
import type { DependencyState } from '@tessera/platform';

const EVERY_MS = 1_000;
/** Without news for so long the brokers count as away. */
const SILENCE_MS_MAX = 5_000;

/** Asks once a second how far the reading of a stream has come, and has topics made where something is in its way. */
export class StreamWatch {
  #lags: ReadonlyMap<number, number> = new Map();
  #trouble: string | null = 'not connected yet';
  #heardMs = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly consumer: Pick<PositionedConsumer, 'lag' | 'troubles'>,
    private readonly makeTopics: () => Promise<void>,
  ) {}

  start(): void {
    this.#timer = setTimeout(() => void this.#look(), 0);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Records that are not done, by Kafka partition. */
  get lags(): ReadonlyMap<number, number> {
    return this.#lags;
  }

  get state(): DependencyState {
    const [trouble] = this.consumer.troubles;
    if (trouble !== undefined) return { ok: false, detail: `Kafka partition ${trouble[0]}: ${trouble[1]}` };
    if (this.#trouble !== null) return { ok: false, detail: this.#trouble };
    const isSilent = performance.now() - this.#heardMs > SILENCE_MS_MAX;
    return isSilent ? { ok: false, detail: `no answer for ${SILENCE_MS_MAX / 1_000} s` } : { ok: true };
  }

  async #look(): Promise<void> {
    try {
      if (!this.state.ok) await this.makeTopics();
      this.#lags = await this.consumer.lag();
      this.#trouble = null;
      this.#heardMs = performance.now();
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
    if (this.#timer !== null) this.#timer = setTimeout(() => void this.#look(), EVERY_MS);
  }
}
