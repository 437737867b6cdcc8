/** Who asks for health, metrics or the status wants to know soon: a scrape that takes longer than 10 s tells nothing at all. */
const ANSWER_MS_MAX = 2_000;

/** What the work resolves to; what becomes of it after that time nobody looks at. @throws what it throws; Error if it takes longer. */
export function inTime<T>(work: Promise<T> | T, msMax = ANSWER_MS_MAX): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${msMax / 1_000} s`));
    }, msMax).unref();
    void Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
      });
  });
}
