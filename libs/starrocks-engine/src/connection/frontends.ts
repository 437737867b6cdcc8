/** One frontend of StarRocks. */
export interface Frontend {
  readonly host: string;
  readonly port: number;
}

interface Known extends Frontend {
  /** Tries in a row that failed. */
  failures: number;
  downUntilMs: number;
}

/** Where to connect, and as whom. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

const PORT = 9030;
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 15_000;

/** @param urls `mysql://user:password@host:port`, one user for all. */
export function readAccount(urls: readonly string[]): Account {
  const { username, password } = new URL(urls[0] ?? '');
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** The frontends there are, and which of them to try next: those that answer in turn, those that did not after them. */
export class Frontends {
  readonly #all: readonly Known[];
  #turn = 0;

  /** @param now a clock that never goes back, in ms. */
  constructor(
    urls: readonly string[],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#all = urls.map((url) => {
      const { hostname, port } = new URL(url);
      // An IPv6 address stands in brackets in a URL alone.
      const host = hostname.replace(/^\[(.*)\]$/, '$1');
      return { host, port: port === '' ? PORT : Number(port), failures: 0, downUntilMs: 0 };
    });
  }

  get count(): number {
    return this.#all.length;
  }

  /** All of them, the best to try first. */
  inTurn(): Frontend[] {
    const first = this.#turn++ % this.#all.length;
    const turned = [...this.#all.slice(first), ...this.#all.slice(0, first)];
    const nowMs = this.now();
    const isDown = (one: Known): boolean => one.downUntilMs > nowMs;
    const down = turned.filter(isDown).sort((one, other) => one.downUntilMs - other.downUntilMs);
    return [...turned.filter((one) => !isDown(one)), ...down];
  }

  answers(frontend: Frontend): void {
    const known = this.#known(frontend);
    known.failures = 0;
    known.downUntilMs = 0;
  }

  /** It is tried last for a while, longer each time. */
  failed(frontend: Frontend): void {
    const known = this.#known(frontend);
    const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** known.failures);
    known.failures = Math.min(known.failures + 1, 10);
    known.downUntilMs = this.now() + pauseMs;
  }

  #known({ host, port }: Frontend): Known {
    const known = this.#all.find((one) => one.host === host && one.port === port);
    if (known === undefined) throw new Error(`${host}:${port} is none of the frontends`);
    return known;
  }
}

/** `host:port`. */
export function addressOf({ host, port }: Frontend): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
