import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { until } from '../until';
import { isRunning, stopProcess } from './background-process';

/** What is left of a server when its process is gone: all that is needed to start it again as it was. */
export interface ServerRecord {
  readonly folder: string;
  readonly port: number;
  readonly pid: number;
}

/** A server that can be killed, stopped and started again on the same port and data. */
export abstract class NativeServer {
  #pid = 0;

  protected constructor(
    readonly folder: string,
    readonly port: number,
    private readonly graceMs: number,
  ) {}

  get pid(): number {
    return this.#pid;
  }

  get isRunning(): boolean {
    return this.#pid !== 0 && isRunning(this.#pid);
  }

  get record(): ServerRecord {
    return { folder: this.folder, port: this.port, pid: this.#pid };
  }

  /** Resolves once it answers. No effect if it runs. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    await mkdir(this.folder, { recursive: true });
    this.#pid = await this.launch();
  }

  /** In order; what it has acknowledged is on its disk. */
  async stop(): Promise<void> {
    if (this.#pid !== 0) await stopProcess(this.#pid, this.graceMs);
    this.#pid = 0;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (this.#pid !== 0) await stopProcess(this.#pid, 0);
    this.#pid = 0;
  }

  /** Resolves once none of its threads runs: it holds its connections, and says nothing. Until `resume`. */
  async suspend(): Promise<void> {
    const tasks = `/proc/${this.#pid}/task`;
    process.kill(this.#pid, 'SIGSTOP');
    await until(async () => {
      const threads = await readdir(tasks);
      const stats = await Promise.all(threads.map((id) => readFile(`${tasks}/${id}/stat`, 'utf8').catch(() => ') T')));
      // The name of the program before it may have brackets of its own.
      return stats.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'));
    });
  }

  resume(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  /** Stops it and deletes its data. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Takes over a process that an earlier one of ours has started. */
  protected adopt(pid: number): this {
    this.#pid = pid;
    return this;
  }

  protected abstract launch(): Promise<number>;
}
