import { setTimeout as sleep } from 'node:timers/promises';

/** Where a fault can happen. */
export const FAULT_POINTS = ['statement-before', 'statement-after', 'redirect', 'load-before', 'load-after'] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export type FaultAction =
  /** The connection is closed without an answer. */
  | { readonly kind: 'drop' }
  /** Answered with this; of a load: `Fail` with the message. */
  | { readonly kind: 'error'; readonly message: string; readonly code?: number }
  /** It takes longer. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** No answer before the fault is removed, or the client goes away. */
  | { readonly kind: 'hang' }
  /**
   * Of an INSERT, before it: what it writes is seen so much later, and so is what others write to the table meanwhile.
   * `isAnsweredAtOnce`: as by a frontend that does not wait for it, whatever `tx_visible_wait_timeout` says.
   */
  | { readonly kind: 'publishLate'; readonly ms: number; readonly isAnsweredAtOnce?: boolean }
  /** Of a load, behind it: committed, but not known to be visible. */
  | { readonly kind: 'publishTimeout' }
  /** Of a load: as if the label were taken. */
  | { readonly kind: 'labelExists'; readonly existingJobStatus: 'FINISHED' | 'RUNNING' | 'CANCELLED' }
  /** Of a redirect: to a port where nobody listens. */
  | { readonly kind: 'backendDown' };

export interface Fault {
  readonly at: FaultPoint;
  readonly action: FaultAction;
  /** A regular expression: of the statement's text, or of `database.table label`; left out: any. */
  readonly match?: string;
  /** So many times, then never again; left out: once. */
  readonly times?: number;
  /** So many that match are let through first. */
  readonly skip?: number;
}

export const TOO_MANY_VERSIONS: FaultAction = {
  kind: 'error',
  message:
    'Failed to load data into tablet 10023, because of too many versions, current/limit: 1001/1000. You can reduce the loading job concurrency, or increase loading data batch size.',
};

interface Armed {
  readonly id: number;
  readonly fault: Fault;
  readonly test: RegExp | null;
  left: number;
  skip: number;
}

/** Thrown where the connection is to be closed. */
export class DroppedError extends Error {}

/** Faults that were asked for. */
export class Faults {
  readonly #armed: Armed[] = [];
  readonly #hanging = new Map<number, (() => void)[]>();
  #nextId = 1;

  /** @returns its number. */
  add(fault: Fault): number {
    const id = this.#nextId++;
    const test = fault.match === undefined ? null : new RegExp(fault.match, 'i');
    this.#armed.push({ id, fault, test, left: fault.times ?? 1, skip: fault.skip ?? 0 });
    return id;
  }

  /** Statements that hang by it go on. */
  remove(id: number): void {
    const index = this.#armed.findIndex((armed) => armed.id === id);
    if (index >= 0) this.#armed.splice(index, 1);
    for (const release of this.#hanging.get(id) ?? []) release();
    this.#hanging.delete(id);
  }

  clear(): void {
    this.#armed.length = 0;
    for (const id of [...this.#hanging.keys()]) this.remove(id);
  }

  /** How many times faults may still happen. */
  get left(): number {
    return this.#armed.reduce((sum, { left }) => sum + left, 0);
  }

  /**
   * Waits, if that is the fault. @param gone resolves when the client has gone.
   * @returns what else has to happen; null: nothing. @throws DroppedError
   */
  async meet(at: FaultPoint, text: string, gone: Promise<unknown>): Promise<FaultAction | null> {
    const found = this.#take(at, text);
    if (found === null) return null;
    const { id, fault } = found;
    switch (fault.action.kind) {
      case 'drop':
        throw new DroppedError('a fault drops the connection');
      case 'delay':
        await Promise.race([sleep(fault.action.ms), gone]);
        return null;
      case 'hang': {
        const released = new Promise<void>((resolve) => {
          this.#hanging.set(id, [...(this.#hanging.get(id) ?? []), resolve]);
        });
        await Promise.race([released, gone]);
        return null;
      }
      default:
        return fault.action;
    }
  }

  #take(at: FaultPoint, text: string): Armed | null {
    for (const armed of this.#armed) {
      if (armed.fault.at !== at || armed.left === 0 || armed.test?.test(text) === false) continue;
      if (armed.skip > 0) {
        armed.skip--;
        continue;
      }
      armed.left--;
      return armed;
    }
    return null;
  }
}
