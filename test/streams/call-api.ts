/** What an API answered. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- checked by expectations
}

/** Sends a request; a text as body is NDJSON, anything else JSON. */
export async function callApi(address: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${address}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : typeof body === 'string'
        ? { body, headers: { 'content-type': 'application/x-ndjson' } }
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), json: await response.json() };
}
