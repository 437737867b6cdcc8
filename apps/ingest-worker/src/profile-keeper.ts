import { sourceName } from '@tessera/ingest';
import type { GroupPosition } from '@tessera/kafka';
import type { OnlineProfiles } from '@tessera/tag-catalog';

export interface ProfileKeeperOptions {
  readonly profiles: OnlineProfiles;
  /** All positions that the profiles must have reached, as they are committed now. */
  readonly committed: () => Promise<readonly GroupPosition[]>;
  /** Lets every lane of this process see whether the profiles still have what it gave them; one that finds that they have not delivers it again. */
  readonly settle: () => Promise<void>;
  readonly say: (line: string) => void;
}

/** Lets the profiles be read once they have everything that was committed: after the first start, and after every restart of Redis. */
export class ProfileKeeper {
  #isShut = false;

  constructor(private readonly options: ProfileKeeperOptions) {}

  /** Looks once. @throws ProfilesUnavailableError, KafkaFailure */
  async keep(): Promise<void> {
    const { profiles, committed, settle, say } = this.options;
    const state = await profiles.state();
    if (state.state === 'open') return;
    if (!this.#isShut) say(`The online profiles are ${state.state}: they are not read until they have everything`);
    this.#isShut = true;
    // Asked for after the state: what is committed later is in the run of the server that this state is of, or is found missing by its lane.
    const offsets = new Map((await committed()).map((one) => [sourceName(one), one.offset] as const));
    if (await state.open(offsets)) {
      this.#isShut = false;
      say('The online profiles have everything and are open');
      return;
    }
    // A source for which nothing comes would not notice by itself.
    await settle();
  }
}
