import { StarrocksError } from '../starrocks-error';

/** Undoes what was done to see whether it can be done. */
export class CheckedError extends StarrocksError {
  constructor() {
    super('it can be done');
  }
}
