import { ProfilesUnavailableError } from '@tessera/tag-catalog';

/** What a failed script means for whoever called it. Errors of ours stay as they are. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof ProfilesUnavailableError || error instanceof RangeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('TESSERALOST')) {
    return new ProfilesUnavailableError('lost', 'Redis has lost writes of this lane: open it anew', error);
  }
  if (text.includes('TESSERAEMPTY')) {
    return new ProfilesUnavailableError('empty', 'Redis holds no online profiles, or was emptied', error);
  }
  if (text.includes('TESSERABEHIND')) {
    const detail = 'Redis was restarted, and it is not known yet that it has every profile as it was';
    return new ProfilesUnavailableError('behind', detail, error);
  }
  if (text.includes('TESSERAEVICTS')) {
    const detail = `Redis may throw profiles away (${text}): set maxmemory-policy to noeviction`;
    return new ProfilesUnavailableError('behind', detail, error);
  }
  return new ProfilesUnavailableError('unreachable', `Redis does not answer, or refuses: ${text}`, error);
}

/** The answers of all calls; the first failure is thrown when all have ended. @throws ProfilesUnavailableError */
export async function settled<T>(calls: readonly Promise<T>[]): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(calls);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw asUnavailable(outcome.reason);
    return outcome.value;
  });
}
