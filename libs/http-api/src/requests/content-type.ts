import type { IncomingMessage } from 'node:http';
import { HttpProblem } from '../problem/http-problem';

/**
 * The media type of a body, lower-case and without parameters, if it is one of `accepted`.
 *
 * @throws HttpProblem 415 for another type, a missing one, or a charset that is not UTF-8.
 */
export function acceptContentType<const T extends string>(request: IncomingMessage, accepted: readonly T[]): T {
  const header = request.headers['content-type'] ?? '';
  const plain = accepted.find((candidate) => candidate === header);
  if (plain !== undefined) return plain;
  const [essence = '', ...parameters] = header.split(';').map((part) => part.trim());
  const type = accepted.find((candidate) => candidate === essence.toLowerCase());
  const wanted = `send ${accepted.map((each) => `Content-Type: ${each}`).join(' or ')}`;
  if (type === undefined) {
    const given = header === '' ? 'no Content-Type' : `the Content-Type ${JSON.stringify(header.slice(0, 200))}`;
    throw new HttpProblem('unsupported-media-type', `The request has ${given}; ${wanted}`);
  }
  const charset = parameters
    .map((parameter) => /^charset="?([^"]*)"?$/i.exec(parameter)?.[1]?.toLowerCase())
    .find((name) => name !== undefined);
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new HttpProblem(
      'unsupported-media-type',
      `The charset ${JSON.stringify(charset)} is not supported; send UTF-8`,
    );
  }
  return type;
}
