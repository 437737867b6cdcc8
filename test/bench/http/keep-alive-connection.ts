import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

const HEADER_END = Buffer.from('\r\n\r\n');
const LINE_END = '\r\n';

/**
 * One HTTP/1.1 connection that stays open, one request at a time: a load generator that costs a small part of what the server spends on
 * the same request. Understands answers with `Content-Length` and chunked ones without trailers.
 */
export class KeepAliveConnection {
  #waiting: Waiting | undefined;
  #received: Buffer = Buffer.alloc(0);

  private constructor(
    private socket: Socket,
    private readonly url: URL,
  ) {
    this.#listen();
  }

  static async open(url: string): Promise<KeepAliveConnection> {
    const parsed = new URL(url);
    return new KeepAliveConnection(await connected(parsed), parsed);
  }

  /** A request as bytes, to be sent any number of times. */
  static encode(method: string, path: string, host: string, json?: string): Buffer {
    const body = Buffer.from(json ?? '');
    const type = json === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}\r\n`), body]);
  }

  /** On a new connection if the server has closed this one meanwhile, as it does with those that say nothing for seconds. */
  async request(method: string, path: string, json?: string): Promise<HttpAnswer> {
    if (this.socket.closed) {
      this.socket = await connected(this.url);
      this.#listen();
    }
    const answer = this.#expect();
    this.socket.write(KeepAliveConnection.encode(method, path, this.url.host, json));
    return await answer;
  }

  /** Sends parts one after the other as one body, no faster than they are taken. */
  async upload(path: string, contentType: string, parts: readonly Buffer[]): Promise<HttpAnswer> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const answer = this.#expect();
    // It may fail while parts are being sent; who awaits it below is told.
    answer.catch(() => undefined);
    this.socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${this.url.host}\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n`,
    );
    for (const part of parts) {
      if (!this.socket.write(part)) await Promise.race([once(this.socket, 'drain'), answer]);
    }
    return await answer;
  }

  close(): void {
    this.socket.destroy();
  }

  #listen(): void {
    this.socket.setNoDelay(true);
    this.socket.on('data', (part) => this.#take(part));
    this.socket.on('error', (error) => this.#fail(error));
    this.socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  #expect(): Promise<HttpAnswer> {
    if (this.#waiting !== undefined) throw new Error('One request at a time on a connection');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }

  #take(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    const headerEnd = this.#received.indexOf(HEADER_END);
    if (headerEnd < 0) return;
    const header = this.#received.toString('latin1', 0, headerEnd);
    const bodyAt = headerEnd + HEADER_END.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(header)?.[1];
    if (length !== undefined) {
      const end = bodyAt + Number(length);
      if (this.#received.length >= end) this.#answer(header, this.#received.subarray(bodyAt, end), end);
      return;
    }
    if (!/\r\ntransfer-encoding: *chunked/i.test(header)) {
      this.#fail(new Error(`An answer of unknown length: ${header}`));
      return;
    }
    const chunked = readChunks(this.#received, bodyAt);
    if (chunked !== null) this.#answer(header, chunked.body, chunked.end);
  }

  #answer(header: string, body: Buffer, end: number): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#received = this.#received.subarray(end);
    waiting?.resolve({ status: Number(header.slice(9, 12)), body });
  }
}

async function connected({ hostname, port }: URL): Promise<Socket> {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** @returns null while the last chunk has not come. */
function readChunks(received: Buffer, from: number): { readonly body: Buffer; readonly end: number } | null {
  const parts: Buffer[] = [];
  for (let at = from; ;) {
    const lineEnd = received.indexOf(LINE_END, at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(received.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + LINE_END.length;
    const end = start + size + LINE_END.length;
    if (end > received.length) return null;
    if (size === 0) return { body: Buffer.concat(parts), end };
    parts.push(received.subarray(start, start + size));
    at = end;
  }
}

/** The JSON of an answer. @throws Error for any status but 200 and 201. */
export function readJson({ status, body }: HttpAnswer): { readonly [key: string]: unknown } {
  const text = body.toString('utf8');
  if (status !== 200 && status !== 201) throw new Error(`The server answered ${status}: ${text.slice(0, 500)}`);
  const json: unknown = JSON.parse(text);
  if (typeof json !== 'object' || json === null)
    throw new Error(`The server answered no object: ${text.slice(0, 500)}`);
  return Object.fromEntries(Object.entries(json));
}
