import { KeepAliveConnection } from './keep-alive-connection';
import type { HttpAnswer } from './keep-alive-connection';

/** Connections to one server, opened as they are needed, at most so many; further requests wait for one. */
export class ConnectionPool {
  readonly #idle: KeepAliveConnection[] = [];
  readonly #all: Promise<KeepAliveConnection>[] = [];
  readonly #waiting: ((connection: KeepAliveConnection) => void)[] = [];

  constructor(
    private readonly url: string,
    private readonly most: number,
  ) {}

  async request(method: string, path: string, json?: string): Promise<HttpAnswer> {
    const connection = this.#idle.pop() ?? (await this.#take());
    try {
      return await connection.request(method, path, json);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(connection);
      else next(connection);
    }
  }

  close(): void {
    for (const connection of this.#all) void connection.then((open) => open.close());
  }

  #take(): Promise<KeepAliveConnection> {
    if (this.#all.length >= this.most) return new Promise((resolve) => this.#waiting.push(resolve));
    const connection = KeepAliveConnection.open(this.url);
    this.#all.push(connection);
    return connection;
  }
}
