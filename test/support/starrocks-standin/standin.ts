import { Cluster } from './engine/cluster';
import { Follower } from './engine/follower';
import { Faults } from './faults';
import { MysqlServer } from './protocol/mysql-server';
import { StreamLoadServer } from './stream-load/stream-load-server';

export interface StandInOptions {
  /** Of its data, which a later one finds there; left out: in memory. */
  readonly folder?: string;
  /** Left out: any that is free. */
  readonly mysqlPort?: number;
  /** Of the second frontend. */
  readonly followerPort?: number;
  readonly httpPort?: number;
  readonly backendPort?: number;
  /** Of the encodings of bitmaps. */
  readonly seed?: number;
  /** User → password; `root` has none unless it is named. */
  readonly users?: Readonly<Record<string, string>>;
  /** Asked about each statement before it runs; if it throws, its message is the answer. Left out: all are taken. */
  readonly checkStatement?: (sql: string) => Promise<void>;
}

/**
 * A stand-in for StarRocks on DuckDB: its MySQL protocol and its Stream Load, for tests. It is not StarRocks, and says so. It takes the
 * statements, functions and types that STARROCKS.md lists and refuses all others.
 */
export class StarrocksStandIn {
  private constructor(
    private readonly cluster: Cluster,
    private readonly mysql: MysqlServer,
    private readonly second: MysqlServer,
    private readonly loads: StreamLoadServer,
    /** What goes wrong, and when. */
    readonly faults: Faults,
    /** The second frontend, to let it fall behind. */
    readonly follower: Follower,
  ) {}

  static async start(options: StandInOptions = {}): Promise<StarrocksStandIn> {
    const { folder, mysqlPort = 0, followerPort = 0, httpPort = 0, backendPort = 0, seed = 1 } = options;
    const faults = new Faults();
    const users = new Map([['root', ''], ...Object.entries(options.users ?? {})]);
    const cluster = await Cluster.open(folder ?? null, seed);
    const guards = { faults, checkStatement: options.checkStatement ?? null };
    const follower = new Follower(cluster.duck);
    const mysql = await MysqlServer.listen(cluster, users, { ...guards, follower: null }, mysqlPort);
    const second = await MysqlServer.listen(cluster, users, { ...guards, follower }, followerPort);
    const ports = { frontend: httpPort, backend: backendPort };
    const loads = await StreamLoadServer.listen(cluster, users, { faults, follower }, ports);
    return new StarrocksStandIn(cluster, mysql, second, loads, faults, follower);
  }

  /** Without a database. */
  get mysqlUrl(): string {
    return `mysql://root@127.0.0.1:${this.mysql.port}`;
  }

  /** Of the second frontend. */
  get followerUrl(): string {
    return `mysql://root@127.0.0.1:${this.second.port}`;
  }

  /** Of the frontend that redirects Stream Load. */
  get httpUrl(): string {
    return this.loads.url;
  }

  /** Connections of clients. */
  get connections(): number {
    return this.mysql.clients.size + this.second.clients.size;
  }

  /** Closes every connection of a client, as a frontend that is restarted. */
  dropConnections(): void {
    for (const client of [...this.mysql.clients.values(), ...this.second.clients.values()]) client.drop();
  }

  /** How long a change of columns takes, in the background; 0: it is done when the statement is. */
  set schemaChangeMs(durationMs: number) {
    this.cluster.schemaChanges.durationMs = durationMs;
  }

  /** Statements that were refused as too complex; each is given once. Whoever sends one has miscounted. */
  takeTooComplex(): readonly string[] {
    return this.cluster.tooComplex.splice(0);
  }

  /** Which StarRocks it says to be; nothing else follows from it. */
  set starrocksVersion(version: string) {
    this.cluster.starrocksVersion = version;
  }

  async close(): Promise<void> {
    this.faults.clear();
    await Promise.all([this.mysql.close(), this.second.close(), this.loads.close()]);
    await this.cluster.close();
  }
}
