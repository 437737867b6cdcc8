import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { createServer } from 'mysql2';
import type { Connection } from 'mysql2';
import { StarrocksError } from '../starrocks-error';
import type { Cluster } from '../engine/cluster';
import type { Follower } from '../engine/follower';
import { ClientConnection } from './client-connection';
import type { StatementGuards } from './client-connection';
import { VERSION } from '../statements/session';

/** CLIENT_* of what is spoken: no compression, no TLS. */
const CAPABILITIES = {
  longPassword: 1,
  foundRows: 2,
  longFlag: 4,
  connectWithDb: 8,
  protocol41: 0x200,
  transactions: 0x2000,
  secureConnection: 0x8000,
  multiStatements: 0x1_0000,
  multiResults: 0x2_0000,
  pluginAuth: 0x8_0000,
} as const;
const COMMANDS = ['query', 'stmt_prepare', 'stmt_execute', 'init_db', 'field_list', 'ping', 'quit'];
const UTF8 = 33;

/** User → password. */
export type Users = ReadonlyMap<string, string>;

interface Login {
  readonly user: string;
  readonly database: string;
  readonly authPluginData1: Buffer;
  readonly authPluginData2: Buffer;
  readonly authToken: Buffer;
}

type ServerSide = Connection & { readonly stream: Socket };

/** StarRocks' MySQL protocol: mysql2's server side does the handshake and the packets, ClientConnection the commands. */
export class MysqlServer {
  readonly clients = new Map<number, ClientConnection>();
  #nextId = 1;

  private constructor(
    private readonly listener: NetServer,
    private readonly cluster: Cluster,
    private readonly users: Users,
    private readonly guards: StatementGuards & { readonly follower: Follower | null },
  ) {}

  /** @param guards `follower`: null: it is the leader. @param port 0: any. */
  static async listen(
    cluster: Cluster,
    users: Users,
    guards: StatementGuards & { readonly follower: Follower | null },
    port: number,
  ): Promise<MysqlServer> {
    const server = createServer(() => undefined) as ReturnType<typeof createServer> & { readonly _server: NetServer };
    const listener = server._server;
    const own = new MysqlServer(listener, cluster, users, guards);
    server.on('connection', (connection: ServerSide) => {
      own.#accept(connection);
    });
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return own;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const closed = once(this.listener, 'close');
    this.listener.close();
    for (const client of this.clients.values()) client.drop();
    await closed;
    await Promise.all([...this.clients.values()].map((client) => client.ended()));
  }

  #accept(connection: ServerSide): void {
    const id = this.#nextId++;
    const client = new ClientConnection(connection.stream, connection, id, this.cluster, {
      clients: this.clients,
      ...this.guards,
    });
    this.clients.set(id, client);
    void client.ended().then(() => this.clients.delete(id));
    connection.stream.setNoDelay(true);
    // mysql2 answers these by itself unless somebody listens; all commands are taken from `packet`.
    for (const command of COMMANDS) connection.on(command, () => undefined);
    connection.on('error', () => client.drop());
    connection.on('end', () => client.drop());
    connection.on('packet', (packet: { readonly buffer: Buffer; readonly start: number; readonly end: number }) => {
      client.receive(packet.buffer.subarray(packet.start + 4, packet.end));
    });
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: VERSION,
      connectionId: id,
      statusFlags: 2,
      characterSet: UTF8,
      // What it lists is all that is spoken.
      capabilityFlags: Object.values(CAPABILITIES).reduce((all, one) => all | one, 0),
      authCallback: (login: Login, done: (error: null, refusal?: { message: string; code: number }) => void) => {
        client.begin(login.user, login.database, this.#mayEnter(login)).then(
          () => {
            done(null);
            connection.sequenceId = 0;
          },
          (error: unknown) => {
            done(null, {
              message: (error as Error).message,
              code: error instanceof StarrocksError ? error.code : 1105,
            });
          },
        );
      },
    });
  }

  #mayEnter({ user, authPluginData1, authPluginData2, authToken }: Login): boolean {
    const password = this.users.get(user);
    if (password === undefined) return false;
    if (password === '') return authToken.length === 0;
    const hashed = sha1(Buffer.from(password));
    const mask = sha1(authPluginData1, authPluginData2.subarray(0, 12), sha1(hashed));
    return authToken.equals(hashed.map((byte, index) => byte ^ mask[index]!));
  }
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
