import type { FieldStatisticsReader, ListStore } from '@tessera/audience';
import { notConfigured } from '../problem/http-problem';
import type { Verifier } from '../ports';

/** Stands where no lists are kept: all is 501. */
export class AbsentLists implements ListStore {
  create(): never {
    throw refusal();
  }

  list(): never {
    throw refusal();
  }

  lists(): never {
    throw refusal();
  }

  has(): never {
    throw refusal();
  }

  remove(): never {
    throw refusal();
  }
}

function refusal(): Error {
  return notConfigured('Keeping lists');
}

/** Stands where nobody can say what is stored: all is 501. */
export class AbsentStatistics implements FieldStatisticsReader {
  tagStatistics(): never {
    throw notConfigured('Showing what is stored of tags');
  }

  hasData(): never {
    throw notConfigured('Removing a tag type, which must have no data,');
  }

  eventRows(): never {
    throw notConfigured('Showing how many rows there are');
  }
}

/** Stands where there is nothing to be compared: 501. */
export class AbsentVerifier implements Verifier {
  verify(): never {
    throw notConfigured('A check of the store');
  }
}
