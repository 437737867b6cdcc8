import type { HttpAnswer, KeepAliveConnection } from '../http/keep-alive-connection';
import { rate } from '../measure/pauses';

export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly json?: string;
}

/**
 * As many requests a second as come through: each connection sends its next one when it has its answer.
 * @param check sees every answer.
 */
export async function requestsPerSecond(
  connections: readonly KeepAliveConnection[],
  durationMs: number,
  next: () => LoadRequest,
  check: (request: LoadRequest, answer: HttpAnswer) => void,
): Promise<number> {
  const startedMs = performance.now();
  let answered = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() - startedMs < durationMs) {
        const request = next();
        check(request, await connection.request(request.method, request.path, request.json));
        answered += 1;
      }
    }),
  );
  return rate(answered, performance.now() - startedMs);
}
