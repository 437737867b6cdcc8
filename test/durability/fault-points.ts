import fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, relative, resolve, sep } from 'node:path';
import { ChunkStore, DocumentStore } from '@tessera/data-directory';
import { RandomSource } from '../conformance/random/random-source';

/**
 * When to die at a call: before it, after it (its promise has resolved, nobody has heard of it yet), or in its middle: `torn` writes only the
 * first bytes, `scattered` only some of the 512-byte sectors, as a power cut before the next sync may leave them; `during` starts a commit
 * and lets it run for a moment.
 */
export type Phase = 'before' | 'after' | 'torn' | 'scattered' | 'during';

export interface Fault {
  /** As {@link FaultPoints.seen} names it: the call and the kind of file, `datasync log/*.log`. */
  readonly point: string;
  readonly phase: Phase;
  /** Which call of the point, from 1. */
  readonly call: number;
  /** Of where a write is torn and how long a commit runs. */
  readonly seed: number;
}

const SECTOR_BYTES = 512;
const COMMIT_RUNS_MS_MAX = 4;
/** Calls of node:fs/promises that change a folder; the first argument is a path. */
const FOLDER_CALLS = ['rename', 'unlink', 'mkdir', 'chmod', 'rm', 'rmdir', 'copyFile', 'link', 'writeFile'] as const;
const HANDLE_CALLS = ['writev', 'appendFile', 'datasync', 'sync', 'truncate'] as const;
/** Calls of the stores, and of what they stage, that change something. */
const STORE_CALLS = ['commit', 'put', 'remove'];

type Call = (...args: unknown[]) => unknown;

/**
 * The phases in which one can die at a point. Creation and opening make one call after the other: after one of theirs is before the
 * next. Beside the calls of log and stores, others are under way.
 */
export function phasesOf(point: string): readonly Phase[] {
  if (point.startsWith('store ')) return ['before', 'during', 'after'];
  if (/^write (?:log|store)\//.test(point)) return ['before', 'torn', 'scattered', 'after'];
  if (/ (?:log$|log\/|store\/)/.test(point) && point !== 'mkdir log') return ['before', 'after'];
  return point.startsWith('write') ? ['before', 'torn'] : ['before'];
}

/**
 * Puts itself between the data directory and the system, for the rest of this process: every call that changes something is counted by its
 * fault point, and at the one that the fault names the process kills itself with SIGKILL. All calls reach the real file system.
 */
export class FaultPoints {
  /** Calls so far, by point. */
  readonly seen = new Map<string, number>();
  readonly #root: string;
  readonly #places = new WeakMap<object, string>();

  /**
   * @param path of the data directory; files elsewhere are left alone.
   * @param report told of the point at which the process dies, before it happens, and of each point with the number of its calls, when it
   * is a power of two.
   */
  constructor(
    path: string,
    private readonly fault: Fault | null,
    private readonly report: (what: 'seen' | 'dies', point: string, calls: number) => void,
  ) {
    this.#root = resolve(path);
  }

  async install(): Promise<void> {
    const open = fs.open.bind(fs);
    const somewhere = await open(dirname(this.#root), 'r');
    this.#wrapHandles(Object.getPrototypeOf(somewhere) as object);
    await somewhere.close();
    Reflect.set(fs, 'open', async (path: string, flags: string | number, mode?: number): Promise<FileHandle> => {
      const place = this.#placeOf(path);
      const creates = place !== null && String(flags).includes('x');
      const handle = creates
        ? await this.#pass(`create ${place}`, () => open(path, flags, mode))
        : await open(path, flags, mode);
      if (place !== null) this.#places.set(handle, place);
      return handle;
    });
    for (const name of FOLDER_CALLS) {
      const call = (fs[name] as Call).bind(fs);
      Reflect.set(fs, name, async (path: string, ...rest: unknown[]): Promise<unknown> => {
        const place = this.#placeOf(path);
        return place === null ? call(path, ...rest) : this.#pass(`${name} ${place}`, () => call(path, ...rest));
      });
    }
    this.#wrapStore('chunks', ChunkStore.prototype);
    this.#wrapStore('documents', DocumentStore.prototype);
  }

  #wrapHandles(prototype: object): void {
    const wrap = (
      name: string,
      around: (handle: FileHandle, place: string, call: Call, args: unknown[]) => unknown,
    ) => {
      const call = Reflect.get(prototype, name) as Call;
      const places = this.#places;
      Reflect.set(prototype, name, async function (this: FileHandle, ...args: unknown[]): Promise<unknown> {
        const place = places.get(this);
        return place === undefined ? call.apply(this, args) : around(this, place, call.bind(this), args);
      });
    };
    for (const name of HANDLE_CALLS) {
      wrap(name, (_handle, place, call, args) => this.#pass(`${name} ${place}`, () => call(...args)));
    }
    wrap('writeFile', (_handle, place, call, args) =>
      this.#pass(
        `writeFile ${place}`,
        () => call(...args),
        async (random) => {
          const bytes = args[0] as Buffer;
          await call(bytes.subarray(0, random.between(0, bytes.length - 1)));
        },
      ),
    );
    wrap('write', (_handle, place, call, args) => {
      const [bytes, offset, length, position] = args;
      if (!Buffer.isBuffer(bytes) || typeof offset !== 'number') {
        return this.#pass(`write ${place}`, () => call(...args));
      }
      const part = bytes.subarray(offset, offset + Number(length));
      const at = Number(position);
      return this.#pass(
        `write ${place}${at === 0 ? ' header' : ''}`,
        () => call(...args),
        async (random, phase) => {
          if (phase === 'torn') await call(part, 0, random.between(1, part.length - 1), at);
          else await writeSomeSectors(random, part, at, (from, to) => call(part, from, to - from, at + from));
        },
      );
    });
  }

  #wrapStore(name: string, prototype: object): void {
    for (const key of STORE_CALLS) {
      const call: unknown = Reflect.get(prototype, key);
      if (typeof call !== 'function') continue;
      const pass = this.#pass.bind(this);
      Reflect.set(prototype, key, async function (this: object, ...args: unknown[]): Promise<unknown> {
        const run = (): unknown => Reflect.apply(call, this, args);
        return pass(`store ${name}.${key}`, run, async (random) => {
          const running = run();
          const runsMs = random.between(-1, COMMIT_RUNS_MS_MAX);
          if (runsMs >= 0) await Promise.race([running, new Promise((resolve) => setTimeout(resolve, runsMs))]);
        });
      });
    }
    this.#wrapStagings(name, prototype);
  }

  /** What a store stages has calls of its own. */
  #wrapStagings(name: string, prototype: object): void {
    const stage: unknown = Reflect.get(prototype, 'stage');
    if (typeof stage !== 'function') return;
    const wrap = (stagings: object): void => this.#wrapStore(`${name} staging`, stagings);
    let isWrapped = false;
    Reflect.set(prototype, 'stage', function (this: object, ...args: unknown[]): unknown {
      const staging = Reflect.apply(stage, this, args) as object;
      if (!isWrapped) wrap(Object.getPrototypeOf(staging) as object);
      isWrapped = true;
      return staging;
    });
  }

  /** @param half what is done of the call when it is to die in its middle. */
  async #pass<T>(
    point: string,
    call: () => T,
    half?: (random: RandomSource, phase: Phase) => Promise<unknown>,
  ): Promise<Awaited<T>> {
    const count = (this.seen.get(point) ?? 0) + 1;
    this.seen.set(point, count);
    if ((count & (count - 1)) === 0) this.report('seen', point, count);
    const { fault } = this;
    if (fault?.point !== point || fault.call !== count) return await call();
    if (fault.phase === 'after') await call();
    else if (fault.phase !== 'before') await half?.(new RandomSource(fault.seed), fault.phase);
    this.report('dies', `${fault.phase} ${point}`, count);
    process.kill(process.pid, 'SIGKILL');
    return await new Promise<never>(() => undefined);
  }

  /** `log/*.log` for a segment, `.` for the directory itself, `..` for the one above; null: not ours. */
  #placeOf(path: string): string | null {
    const inside = relative(this.#root, resolve(path));
    if (inside === '') return '.';
    if (inside === '..') return inside;
    if (inside.startsWith('..')) return null;
    const folder = dirname(inside).split(sep).join('/');
    const name = basename(inside).replace(/\.new$/, '');
    return folder === '.' ? name : `${folder}/*${extname(name)}`;
  }
}

/** What a power cut before the sync may leave of a write: any choice of its sectors; zeros stand in the gaps. */
async function writeSomeSectors(
  random: RandomSource,
  bytes: Buffer,
  position: number,
  write: (from: number, to: number) => unknown,
): Promise<void> {
  const kept: [number, number][] = [];
  for (let from = 0; from < bytes.length;) {
    // Sectors are those of the file.
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES));
    if (random.chance(0.6)) kept.push([from, to]);
    from = to;
  }
  for (const [from, to] of random.shuffled(kept)) await write(from, to);
}
