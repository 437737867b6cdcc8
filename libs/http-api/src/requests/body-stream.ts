import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ClientGoneError } from './client-gone-error';
import { HttpProblem } from '../problem/http-problem';

/**
 * The bytes of a request's body as they come, decompressed if they are gzip. Reads no faster than they are consumed.
 * Stopping early leaves the connection usable, so that an answer can still be sent.
 *
 * @throws HttpProblem 415 for another Content-Encoding, 400 for broken gzip; ClientGoneError.
 */
export async function* bodyChunks(request: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  const source = decodedBody(request);
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    }
  } catch (error) {
    if (!request.complete) throw new ClientGoneError();
    if (source !== request) throw new HttpProblem('invalid-request', `The body is not valid gzip: ${messageOf(error)}`);
    throw error;
  } finally {
    if (source !== request) {
      request.unpipe();
      source.destroy();
    }
    request.resume();
  }
  if (!request.complete) throw new ClientGoneError();
}

function decodedBody(request: IncomingMessage): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip') {
    throw new HttpProblem(
      'unsupported-media-type',
      `The Content-Encoding ${JSON.stringify(encoding.slice(0, 100))} is not supported; send gzip or none`,
    );
  }
  const gunzip = createGunzip();
  // `pipe` passes on no errors, and `pipeline` would close the connection before the answer.
  request.once('close', () => {
    if (!request.complete) gunzip.destroy(new ClientGoneError());
  });
  return request.pipe(gunzip);
}

/**
 * A whole body in memory.
 *
 * @throws HttpProblem 413 when it is longer than `bytesMax` (after decompression).
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  if (isPlain(request)) return readPlainBody(request, bytesMax);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bodyChunks(request)) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes);
}

function isPlain(request: IncomingMessage): boolean {
  const encoding = request.headers['content-encoding'];
  return encoding === undefined || encoding.trim().toLowerCase() === 'identity';
}

/** What nearly every request is: iterating over the stream would cost more than reading the few bytes. */
function readPlainBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (act: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      chunks = [];
      act();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) settle(() => reject(tooLarge(bytesMax)));
    };
    const onEnd = (): void => {
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes);
      settle(() => resolve(body));
    };
    const onClose = (): void => settle(() => reject(new ClientGoneError()));
    request.on('data', onData).once('end', onEnd).once('close', onClose).once('error', onClose);
    // Who hung up before anybody listened is not announced again.
    if (request.destroyed && !request.complete) onClose();
  });
}

function tooLarge(bytesMax: number): HttpProblem {
  return new HttpProblem(
    'too-large',
    `The body is longer than ${bytesMax} bytes (${bytesMax / 1_048_576} MiB); send it in parts (messages: as application/x-ndjson, which has no limit)`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
