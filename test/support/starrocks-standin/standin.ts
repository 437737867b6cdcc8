import { Cluster } from './engine/cluster';
import { MysqlServer } from './protocol/mysql-server';

export interface StandInOptions {
  /** Of its data, which a later one finds there; left out: in memory. */
  readonly folder?: string;
  readonly mysqlPort?: number;
  /** Of the encodings of bitmaps. */
  readonly seed?: number;
  /** User → password; `root` without one is always there. */
  readonly users?: Readonly<Record<string, string>>;
}

/** A stand-in for StarRocks on DuckDB: its MySQL protocol, for tests. It is not StarRocks, and says so. */
export class StarrocksStandIn {
  private constructor(
    private readonly cluster: Cluster,
    private readonly mysql: MysqlServer,
  ) {}

  static async start({ folder, mysqlPort = 0, seed = 1, users = {} }: StandInOptions = {}): Promise<StarrocksStandIn> {
    const cluster = await Cluster.open(folder ?? null, seed);
    const mysql = await MysqlServer.listen(cluster, new Map([['root', ''], ...Object.entries(users)]), mysqlPort);
    return new StarrocksStandIn(cluster, mysql);
  }

  /** Without a database. */
  get mysqlUrl(): string {
    return `mysql://root@127.0.0.1:${this.mysql.port}`;
  }

  /** Of Stream Load. */
  get httpUrl(): string {
    return 'http://127.0.0.1:0';
  }

  /** How long a change of columns takes, in the background; 0: it is done when the statement is. */
  set schemaChangeMs(durationMs: number) {
    this.cluster.schemaChanges.durationMs = durationMs;
  }

  async close(): Promise<void> {
    await this.mysql.close();
    await this.cluster.close();
  }
}
