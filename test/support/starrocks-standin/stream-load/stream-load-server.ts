import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cluster } from '../engine/cluster';
import { Task } from '../engine/task';
import { DroppedError } from '../faults';
import type { FaultAction } from '../faults';
import type { Users } from '../protocol/mysql-server';
import { checkLabel } from '../sql/parse-statement';
import { StarrocksError } from '../starrocks-error';
import { isLabelTaken, LabelTakenError, takeLabel } from '../statements/labels';
import { loadRows, planLoad } from './load';
import { answerControl } from './control';
import type { Controlled } from './control';

const PATH = /^\/api\/([^/]+)\/([^/]+)\/_stream_load$/;
/** As `GetStreamLoadState` of the frontend answers it. */
const STATE_PATH = /^\/api\/([^/]+)\/get_load_state\?label=([^&]+)$/;
const ERROR_LOG = '/api/_load_error_log';
const TIMEOUT_S = 600;
const ERROR_LOGS_MAX = 1_000;
/** Of all headers together, as frontends take them (`http_max_header_size`); backends take more. */
const HEADER_BYTES_MAX = 32_768;

type Answer = Record<string, string | number>;

interface Request {
  readonly database: string;
  readonly table: string;
  readonly label: string;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

/** Stream Load (STARROCKS.md section 5): a frontend that redirects, and a backend that loads. */
export class StreamLoadServer {
  readonly #running = new Set<string>();
  /** What was wrong, by number. */
  readonly #errorLogs = new Map<number, string>();
  readonly #working = new Set<Promise<void>>();
  #next = 1;
  readonly #frontend: Server;
  readonly #backend: Server;

  private constructor(
    private readonly cluster: Cluster,
    private readonly users: Users,
    private readonly controlled: Controlled,
  ) {
    this.#frontend = this.#server((message, response) => this.#atFrontend(message, response));
    this.#backend = this.#server((message, response) => this.#atBackend(message, response));
  }

  /** @param ports 0: any. */
  static async listen(
    cluster: Cluster,
    users: Users,
    controlled: Controlled,
    ports: { readonly frontend: number; readonly backend: number },
  ): Promise<StreamLoadServer> {
    const server = new StreamLoadServer(cluster, users, controlled);
    server.#frontend.listen(ports.frontend, '127.0.0.1');
    server.#backend.listen(ports.backend, '127.0.0.1');
    await Promise.all([once(server.#frontend, 'listening'), once(server.#backend, 'listening')]);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#frontend)}`;
  }

  get backendUrl(): string {
    return `http://127.0.0.1:${portOf(this.#backend)}`;
  }

  /** Ends every request. */
  async close(): Promise<void> {
    for (const server of [this.#frontend, this.#backend]) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
    await Promise.all(this.#working);
  }

  #server(handle: (message: IncomingMessage, response: ServerResponse) => Promise<void>): Server {
    const server = createServer({ maxHeaderSize: 16 * HEADER_BYTES_MAX });
    const run = (message: IncomingMessage, response: ServerResponse): void => {
      const work = handle(message, response).catch((error: unknown) => {
        if (error instanceof DroppedError || message.socket.destroyed) message.socket.destroy();
        else if (!response.headersSent) json(response, 500, { status: 'FAILED', msg: String(error) });
      });
      this.#working.add(work);
      void work.finally(() => this.#working.delete(work));
    };
    server.on('request', run);
    // With `Expect: 100-continue` the body comes only when it is asked for.
    server.on('checkContinue', run);
    return server;
  }

  async #atFrontend(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = message.url ?? '';
    if (headerBytes(message) > HEADER_BYTES_MAX) {
      const text = `Bad Request. <br/> HTTP header is larger than ${HEADER_BYTES_MAX} bytes.`;
      response.writeHead(400, { 'content-type': 'text/html', connection: 'close' }).end(text);
      return;
    }
    if (path.startsWith('/standin/')) return answerControl(message, response, this.controlled);
    if (path === '/api/health') {
      json(response, 200, { online_backend_num: 1, total_backend_num: 1, status: 'OK' });
      return;
    }
    const state = STATE_PATH.exec(path);
    if (state !== null)
      return this.#tellState(decodeURIComponent(state[1]!), decodeURIComponent(state[2]!), message, response);
    const request = this.#enter(message, response);
    if (request === null) return;
    const fault = await this.controlled.faults.meet('redirect', textOf(request), closeOf(message));
    if (fault?.kind === 'error') {
      json(response, 200, { Status: 'FAILED', Message: fault.message });
      return;
    }
    const target = fault?.kind === 'backendDown' ? 'http://127.0.0.1:1' : this.backendUrl;
    response.writeHead(307, { location: `${target}${path}`, connection: 'close' }).end();
  }

  async #atBackend(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = message.url ?? '';
    if (path === '/api/health') {
      json(response, 200, { status: 'OK', msg: 'To Be Added' });
      return;
    }
    if (path.startsWith(ERROR_LOG)) {
      const found = this.#errorLogs.get(Number(path.split('=')[1]));
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(found ?? 'not found');
      return;
    }
    const request = this.#enter(message, response);
    if (request !== null) json(response, 200, await this.#load(request));
  }

  async #tellState(database: string, label: string, message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#mayEnter(message.headers.authorization ?? '')) {
      json(response, 401, { status: 'FAILED', message: 'Access denied' }, { 'www-authenticate': 'Basic realm=""' });
      return;
    }
    const isTaken = await this.cluster.change((connection) => isLabelTaken(connection, database, label));
    const isRunning = this.#running.has(JSON.stringify([database, label]));
    const state = isTaken ? 'VISIBLE' : isRunning ? 'PREPARE' : 'UNKNOWN';
    json(response, 200, { status: 'OK', code: '0', msg: 'Success', message: 'OK', state, reason: '' });
  }

  /** @returns null if it is answered already: no such path, no password, no 100-continue. */
  #enter(message: IncomingMessage, response: ServerResponse): Request | null {
    const found = PATH.exec(message.url ?? '');
    if (found === null || message.method !== 'PUT') {
      json(response, 404, { status: 'FAILED', msg: 'Not Found' });
      return null;
    }
    if (!this.#mayEnter(message.headers.authorization ?? '')) {
      json(response, 401, { Status: 'FAILED', Message: 'Access denied' }, { 'www-authenticate': 'Basic realm=""' });
      return null;
    }
    if (message.headers.expect?.toLowerCase() !== '100-continue') {
      json(response, 200, {
        Status: 'FAILED',
        Message: 'class com.starrocks.common.DdlException: There is no 100-continue header',
      });
      return null;
    }
    const given = message.headers['label'];
    const label = typeof given === 'string' && given !== '' ? given : `standin_${Date.now()}_${this.#next++}`;
    const [database, table] = [decodeURIComponent(found[1]!), decodeURIComponent(found[2]!)];
    return { database, table, label, message, response };
  }

  #mayEnter(authorization: string): boolean {
    const [scheme, encoded] = authorization.split(' ');
    if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return false;
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const at = text.indexOf(':');
    return at >= 0 && this.users.get(text.slice(0, at)) === text.slice(at + 1);
  }

  async #load(request: Request): Promise<Answer> {
    const key = JSON.stringify([request.database, request.label]);
    const transaction = this.cluster.nextTransaction();
    const about = { TxnId: transaction, Label: request.label, Db: request.database, Table: request.table };
    if (this.#running.has(key)) return { ...about, ...labelExists(request.label, 'RUNNING') };
    this.#running.add(key);
    try {
      checkLabel(request.label);
      return { ...about, ...(await this.#loadLabelled(request, transaction)) };
    } catch (error) {
      if (error instanceof DroppedError || request.message.socket.destroyed) throw error;
      if (error instanceof LabelTakenError) return { ...about, ...labelExists(request.label, 'FINISHED') };
      return { ...about, ...this.#failed(error) };
    } finally {
      this.#running.delete(key);
    }
  }

  async #loadLabelled(request: Request, transaction: number): Promise<Answer> {
    const { message, response, database, label } = request;
    const gone = closeOf(message);
    const fault = await this.controlled.faults.meet('load-before', textOf(request), gone);
    const refused = refusalOf(fault, label);
    if (refused !== null) return refused;
    const table = this.cluster.catalog.table([database, request.table], null);
    // Wrong headers are told before the body is asked for.
    planLoad(table, message.headers);
    const startedMs = Date.now();
    response.writeContinue();
    const body = await bodyOf(message);
    const seconds = Number(message.headers['timeout'] ?? TIMEOUT_S);
    const rows = await Task.within(seconds, 'timeout', (task) =>
      this.cluster.change(async (connection) => {
        await takeLabel(connection, database, label, transaction);
        // As it is now: it may have been altered while the body came.
        const current = this.cluster.catalog.table([database, request.table], null);
        return loadRows(connection, current, planLoad(current, message.headers), body);
      }, task),
    );
    const behind = await this.controlled.faults.meet('load-after', textOf(request), gone);
    const counts = { NumberTotalRows: rows, NumberLoadedRows: rows, NumberFilteredRows: 0, NumberUnselectedRows: 0 };
    const times = { LoadBytes: body.length, LoadTimeMs: Date.now() - startedMs };
    if (behind?.kind === 'publishTimeout') {
      return {
        Status: 'Publish Timeout',
        Message: 'transaction commit successfully, BUT data will be visible later',
        ...counts,
        ...times,
      };
    }
    return refusalOf(behind, label) ?? { Status: 'Success', Message: 'OK', ...counts, ...times };
  }

  #failed(error: unknown): Answer {
    const message = error instanceof Error ? error.message : String(error);
    const id = this.#next++;
    this.#errorLogs.set(id, message);
    if (this.#errorLogs.size > ERROR_LOGS_MAX) this.#errorLogs.delete(this.#errorLogs.keys().next().value ?? 0);
    const shown = error instanceof StarrocksError ? message : `Internal error: ${message}`;
    return {
      Status: 'Fail',
      Message: shown,
      NumberLoadedRows: 0,
      ErrorURL: `${this.backendUrl}${ERROR_LOG}?file=${id}`,
    };
  }
}

/** As they are sent: `name: value` and the end of the line. */
function headerBytes({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((bytes, text) => bytes + text.length + 2, 0);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function textOf({ database, table, label }: Request): string {
  return `${database}.${table} ${label}`;
}

function labelExists(label: string, existingJobStatus: string): Answer {
  return {
    Status: 'Label Already Exists',
    ExistingJobStatus: existingJobStatus,
    Message: `Label [${label}] has already been used.`,
  };
}

function refusalOf(fault: FaultAction | null, label: string): Answer | null {
  if (fault?.kind === 'error') return { Status: 'Fail', Message: fault.message };
  if (fault?.kind === 'labelExists') return labelExists(label, fault.existingJobStatus);
  return null;
}

/** @throws Error if the client goes away before its end. */
async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  // As StarRocks: what was not read of a body is not waited for.
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
    .end(JSON.stringify(body));
}

/** Resolves when the client is gone, also when it died in the middle of a request, which is an error of the socket. */
function closeOf({ socket }: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.on('error', () => undefined);
  });
}
