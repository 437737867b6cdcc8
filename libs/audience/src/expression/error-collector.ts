import type { LocatedError } from '@tessera/tag-catalog';
import { EXPRESSION_ERRORS_MAX } from './limits';

/** Gathers what is wrong, up to the limit; what comes later is dropped. */
export class ErrorCollector {
  readonly #errors: LocatedError[] = [];

  add(path: string, code: string, message: string): void {
    if (!this.full) this.#errors.push({ path, code, message });
  }

  get full(): boolean {
    return this.#errors.length >= EXPRESSION_ERRORS_MAX;
  }

  get errors(): readonly LocatedError[] {
    return this.#errors;
  }
}
