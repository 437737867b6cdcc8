import { setFlagsFromString } from 'node:v8';
import { preferShortPauses } from './short-pauses';

jest.mock('node:v8', () => ({ setFlagsFromString: jest.fn() }));

describe('preferShortPauses', () => {
  it('leaves helpers to machines with cores to spare', () => {
    preferShortPauses(16);
    expect(setFlagsFromString).not.toHaveBeenCalled();
    preferShortPauses(2);
    expect(setFlagsFromString).toHaveBeenCalledWith('--no-parallel-scavenge');
  });
});
