/** What an API answered. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- checked by expectations
}

/** Sends a request; a text as body, or texts as they come, are NDJSON, anything else JSON. */
export async function callApi(address: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${address}${path}`, { method, ...sent(body) });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), json: await response.json() };
}

function sent(body: unknown): RequestInit {
  if (body === undefined) return {};
  const lines = { 'content-type': 'application/x-ndjson' };
  if (typeof body === 'string') return { body, headers: lines };
  if (isTexts(body))
    return { body: ReadableStream.from(body).pipeThrough(new TextEncoderStream()), headers: lines, duplex: 'half' };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

function isTexts(body: unknown): body is AsyncIterable<string> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
