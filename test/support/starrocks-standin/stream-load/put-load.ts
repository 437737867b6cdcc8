import { request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

export interface LoadAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LoadRequest {
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

/** One request of a Stream Load, redirects not followed. For specs of the stand-in. @throws Error if the connection is dropped. */
export function putOnce({ url, headers, body }: LoadRequest): Promise<LoadAnswer> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that was kept may be to a server that is gone.
    const call = request(url, { method: 'PUT', headers, agent: false });
    call.on('error', reject);
    call.on('continue', () => call.end(body));
    call.on('response', (response) => {
      read(response).then(resolve, reject);
    });
    // Without the header nobody asks for the body.
    if (headers['Expect'] === undefined) call.end(body);
    else call.flushHeaders();
  });
}

/** With a login, `Expect` and the redirect to the backend. */
export async function putLoad(load: LoadRequest, login = 'root:'): Promise<LoadAnswer> {
  const headers = {
    Authorization: `Basic ${Buffer.from(login).toString('base64')}`,
    Expect: '100-continue',
    ...load.headers,
  };
  const first = await putOnce({ ...load, headers });
  return first.location === null ? first : putOnce({ ...load, headers, url: first.location });
}

async function read(response: IncomingMessage): Promise<LoadAnswer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
  return { status: response.statusCode ?? 0, location: response.headers.location ?? null, body };
}
