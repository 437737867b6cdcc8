import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '@tessera/platform';
import { HttpProblem } from '../problem/http-problem';

/** The host found to be this machine last: callers name the same one all the time, and parsing it takes longer than the rest. */
let knownHost: string | undefined;

/**
 * Without keys the service listens on loopback only, and every browser on the machine reaches it. A page from elsewhere must
 * not: its requests name another origin, or (after DNS rebinding) another host.
 *
 * @throws HttpProblem 403.
 */
export function checkBrowserOrigin(headers: IncomingHttpHeaders): void {
  const host = headers.host ?? 'localhost';
  if (host !== knownHost) checkHost(host);
  const { origin } = headers;
  if (origin !== undefined && !isLoopback(hostNameOf(origin))) {
    throw new HttpProblem(
      'forbidden',
      `A web page of ${JSON.stringify(origin)} may not call this service; set API_KEYS and call it from a server`,
    );
  }
}

function checkHost(host: string): void {
  if (!isLoopback(hostNameOf(`http://${host}`))) {
    throw new HttpProblem(
      'forbidden',
      `The Host ${JSON.stringify(host)} is not this machine; without API_KEYS call 127.0.0.1 or localhost`,
    );
  }
  knownHost = host;
}

function hostNameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
