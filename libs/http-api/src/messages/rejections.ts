import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Rejection } from '@tessera/tag-catalog';

/** A message that was refused, by its place in the request. */
export interface RejectedMessage extends Rejection {
  readonly index: number;
}

const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024;

/**
 * The refused messages of one request, as the text of a JSON array. Every one of them is kept, however many there are: past 4 MiB they
 * go to a temporary file, so that a long stream of broken lines costs disk for the time of the request and not memory.
 */
export class Rejections {
  #kept: string[] = [];
  #keptCharacters = 0;
  #file: { readonly name: string; readonly descriptor: number } | undefined;
  #count = 0;

  constructor(private readonly temporaryDirectory: string) {}

  get count(): number {
    return this.#count;
  }

  add(rejected: RejectedMessage): void {
    const { index, code, detail } = rejected;
    const text = `${this.#count === 0 ? '' : ','}${JSON.stringify({ index, code, detail })}`;
    this.#count++;
    this.#kept.push(text);
    this.#keptCharacters += text.length;
    if (this.#keptCharacters >= KEPT_CHARACTERS_MAX) this.#spill();
  }

  /** The text of the array, in pieces. */
  async *text(): AsyncGenerator<string, void, undefined> {
    yield '[';
    if (this.#file !== undefined) {
      for await (const piece of createReadStream(this.#file.name, { encoding: 'utf8' })) yield String(piece);
    }
    yield `${this.#kept.join('')}]`;
  }

  /** Removes the temporary file. */
  dispose(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file.descriptor);
    rmSync(this.#file.name, { force: true });
    this.#file = undefined;
  }

  #spill(): void {
    this.#file ??= this.#open();
    writeSync(this.#file.descriptor, this.#kept.join(''));
    this.#kept = [];
    this.#keptCharacters = 0;
  }

  #open(): { readonly name: string; readonly descriptor: number } {
    const name = path.join(
      this.temporaryDirectory,
      `tessera-rejected-${process.pid}-${randomBytes(8).toString('hex')}`,
    );
    return { name, descriptor: openSync(name, 'wx', 0o600) };
  }
}
