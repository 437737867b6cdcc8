import { inTime } from './in-time';

/** What one dependency said: `detail` is shown to the caller, so it holds no secret. */
export interface DependencyState {
  readonly ok: boolean;
  readonly detail?: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly dependencies: { readonly [name: string]: DependencyState };
}

/** Liveness and readiness of one process. Dependencies register a check; one that throws, or takes longer than 2 s, counts as not ok. */
export class Health {
  readonly #checks = new Map<string, () => Promise<DependencyState> | DependencyState>();
  #draining = false;

  register(name: string, check: () => Promise<DependencyState> | DependencyState): void {
    this.#checks.set(name, check);
  }

  /** From now on not ready: load balancers send no more requests. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  async readiness(): Promise<Readiness> {
    const states = await Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<[string, DependencyState]> => [name, await stateOf(check)]),
    );
    if (this.#draining) states.push(['process', { ok: false, detail: 'shutting down' }]);
    return { ready: states.every(([, state]) => state.ok), dependencies: Object.fromEntries(states) };
  }
}

async function stateOf(check: () => Promise<DependencyState> | DependencyState): Promise<DependencyState> {
  try {
    return await inTime(check());
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : 'the check failed' };
  }
}
