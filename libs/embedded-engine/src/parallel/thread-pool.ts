import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ThreadAnswer, ThreadTask } from './thread-messages';

/** How the threads are started, where it is not from the compiled files. */
export interface ThreadEntry {
  readonly file: string;
  readonly execArgv: readonly string[];
}

const COMPILED: ThreadEntry = { file: join(__dirname, 'evaluation-thread.js'), execArgv: [] };

/** Under which the version of what a thread was sent is remembered. */
export function shardKey(tagId: number, shard: number): string {
  return `${tagId}/${shard}`;
}

export function indexKey(tagId: number, shard: number): string {
  return `${tagId}/${shard}/index`;
}

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One thread. It is started with its first task and again after it died; what it was sent before is then forgotten. */
export class EvaluationThread {
  #worker: Worker | null = null;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();
  /** What it has been sent: by piece of state, the version. */
  readonly sent = new Map<string, number>();
  #rowsToForget: string[] = [];

  constructor(private readonly entry: ThreadEntry) {}

  /** Tasks it was asked so far. */
  get asked(): number {
    return this.#nextId - 1;
  }

  /** Tasks it has not answered yet. */
  get load(): number {
    return this.#waiting.size;
  }

  /** @throws Error if the task failed, or the thread died. */
  ask(make: (id: number) => ThreadTask): Promise<ThreadAnswer> {
    const worker = this.#worker ?? this.#start();
    this.#forgetRows();
    const task = make(this.#nextId++);
    return new Promise((resolve, reject) => {
      worker.postMessage(task);
      this.#waiting.set(task.id, { resolve, reject });
    });
  }

  /** Lets go of what it holds of a tag's shard: an index that has been replaced is not kept in memory for it. */
  forget(tagId: number, shard: number): void {
    const key = shardKey(tagId, shard);
    if (this.sent.delete(key) && this.#worker !== null) {
      this.sent.delete(indexKey(tagId, shard));
      const task: ThreadTask = { kind: 'forget', id: 0, tagId, shard };
      this.#worker.postMessage(task);
    }
  }

  /** As `forget`, of rows of events. Told the thread before its next task, and at the end of this turn at the latest. */
  forgetRows(key: string): void {
    if (this.sent.delete(key) && this.#rowsToForget.push(key) === 1) {
      queueMicrotask(() => {
        this.#forgetRows();
      });
    }
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#abandon(new Error('The evaluation thread was stopped.'));
  }

  #forgetRows(): void {
    const keys = this.#rowsToForget;
    this.#rowsToForget = [];
    if (keys.length > 0) {
      const task: ThreadTask = { kind: 'forgetRows', id: 0, keys };
      this.#worker?.postMessage(task);
    }
  }

  #start(): Worker {
    const worker = new Worker(this.entry.file, { execArgv: [...this.entry.execArgv] });
    // It holds no process open that has nothing else to do.
    worker.unref();
    worker.on('message', (answer: ThreadAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.kind === 'failed') {
        waiting?.reject(new Error(answer.reason));
      } else {
        waiting?.resolve(answer);
      }
    });
    const died = (error: Error): void => {
      if (this.#worker === worker) {
        this.#worker = null;
        this.#abandon(error);
      }
    };
    worker.on('error', (error) => {
      died(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', () => {
      died(new Error('The evaluation thread ended.'));
    });
    this.#worker = worker;
    return worker;
  }

  #abandon(error: Error): void {
    this.sent.clear();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) {
      reject(error);
    }
  }
}

/** Threads that evaluate questions and build indexes over shared memory, so that the engine's own thread stays free. */
export class ThreadPool {
  readonly threads: readonly EvaluationThread[];

  constructor(size: number, entry: ThreadEntry = COMPILED) {
    this.threads = Array.from({ length: size }, () => new EvaluationThread(entry));
  }

  /** Tasks asked so far. */
  get tasks(): number {
    return this.threads.reduce((sum, thread) => sum + thread.asked, 0);
  }

  /** No thread keeps the memory of these rows of events. */
  forgetRows(key: string): void {
    for (const thread of this.threads) {
      thread.forgetRows(key);
    }
  }

  /** The thread with the fewest tasks. */
  get idlest(): EvaluationThread {
    return this.threads.reduce((idlest, thread) => (thread.load < idlest.load ? thread : idlest));
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
  }
}
