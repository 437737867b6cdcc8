/**
 * Passes on what comes until the signal, then throws, even while waiting for the next item. The source is not told: it may be waiting
 * for bytes that never come.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  reason: () => Error,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => resolve('aborted');
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    for (;;) {
      if (signal.aborted) throw reason();
      const next = iterator.next();
      // If the signal comes first, nobody waits for this one any more.
      next.catch(() => undefined);
      const result = await Promise.race([next, aborted]);
      if (result === 'aborted') throw reason();
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    void iterator.return?.().catch(() => undefined);
  }
}
