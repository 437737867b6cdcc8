/** Who asks for readiness wants to know it soon. */
const ANSWER_MS_MAX = 2_000;

/** Somebody takes too long to answer. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** What the work resolves to; what becomes of it after that time nobody looks at. @throws what it throws; LateError. */
export function inTime<T>(work: Promise<T> | T, msMax = ANSWER_MS_MAX): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new LateError(`no answer within ${msMax / 1_000} s`));
    }, msMax).unref();
    void Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
      });
  });
}
