import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { grammarProgram, lacksGrammar } from './grammar-classes';
import { asOlderSyntax } from './newer-syntax';
import { StarrocksSyntaxError } from './starrocks-syntax-error';

const LENGTH_BYTES = 4;
/** Statements longer than this are remembered by their hash. */
const REMEMBERED_LENGTH_MAX = 4_096;
const REMEMBERED_MAX = 50_000;
/** What may be asked of the program about a text. */
const ASKED = { isStatement: 'S', tokens: 'T' } as const;

export interface SqlToken {
  /** As in the grammar: `SINGLE_QUOTED_TEXT`, `BACKQUOTED_IDENTIFIER`, … */
  readonly name: string;
  /** Code points from 0. */
  readonly from: number;
  /** Behind its last one. */
  readonly to: number;
}

interface Request {
  readonly answered: (answer: string) => void;
  readonly failed: (error: Error) => void;
}

/**
 * StarRocks' own grammar, in a Java process of its own that starts with the first question. Many statements may be on their way to it at
 * once. Also a `TestServer`, for `describeWithServer`.
 */
export class StarrocksGrammar {
  #process: Promise<ChildProcessWithoutNullStreams> | null = null;
  #received: Buffer = Buffer.alloc(0);
  #errors = '';
  readonly #requests: Request[] = [];
  /** Statements that are known to be right. */
  readonly #accepted = new Set<string>();

  /** Why this machine can't run it; null: it can. */
  static lacks(): string | null {
    return lacksGrammar();
  }

  static create(): Promise<StarrocksGrammar> {
    return Promise.resolve(new StarrocksGrammar());
  }

  /** @throws MissingServiceError where it can't run. */
  static async open(): Promise<StarrocksGrammar> {
    const grammar = await StarrocksGrammar.create();
    await grammar.start();
    return grammar;
  }

  async start(): Promise<void> {
    await this.#running();
  }

  /** @throws StarrocksSyntaxError unless it is exactly one statement that StarRocks would parse. */
  async check(sql: string): Promise<void> {
    const key = sql.length <= REMEMBERED_LENGTH_MAX ? sql : createHash('sha256').update(sql).digest('base64');
    if (this.#accepted.has(key)) return;
    const older = asOlderSyntax(sql);
    const answer = await this.#ask(ASKED.isStatement, older);
    if (answer !== '') throw new StarrocksSyntaxError(older, answer);
    if (this.#accepted.size >= REMEMBERED_MAX) this.#accepted.clear();
    this.#accepted.add(key);
  }

  /** How the lexer cuts a text; comments and blanks are among the tokens. @throws StarrocksSyntaxError for what is none. */
  async tokens(text: string): Promise<readonly SqlToken[]> {
    const answer = await this.#ask(ASKED.tokens, text);
    if (answer.startsWith('!')) throw new StarrocksSyntaxError(text, answer.slice(1));
    return answer
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', from, to] = line.split(' ');
        return { name, from: Number(from), to: Number(to) };
      });
  }

  /** What was asked before is still answered. It may be asked again: it starts anew then. */
  async close(): Promise<void> {
    const running = await this.#process?.catch(() => null);
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const closed = once(running, 'close');
    running.stdin.end();
    await closed;
  }

  async remove(): Promise<void> {
    await this.close();
  }

  #running(): Promise<ChildProcessWithoutNullStreams> {
    return (this.#process ??= this.#launch());
  }

  async #launch(): Promise<ChildProcessWithoutNullStreams> {
    const { program, argv } = await grammarProgram();
    const started = spawn(program, [...argv], { stdio: 'pipe' });
    started.stdout.on('data', (part: Buffer) => {
      this.#receive(part);
    });
    started.stderr.on('data', (part: Buffer) => (this.#errors += part.toString('utf8')));
    // Writing to one that has died: what waits for answers hears of it by its end.
    started.stdin.on('error', () => undefined);
    // Also if it was never there.
    started.once('close', (code) => {
      this.#fail(new Error(`StarRocks' grammar ended with ${String(code)}: ${this.#errors.slice(-2_000)}`));
    });
    await once(started, 'spawn');
    return started;
  }

  async #ask(asked: string, text: string): Promise<string> {
    const running = await this.#running();
    const bytes = Buffer.from(text, 'utf8');
    const head = Buffer.alloc(1 + LENGTH_BYTES);
    head.write(asked, 'latin1');
    head.writeUInt32BE(bytes.length, 1);
    return await new Promise((answered, failed) => {
      this.#requests.push({ answered, failed });
      running.stdin.write(Buffer.concat([head, bytes]));
    });
  }

  #receive(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    while (this.#received.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#received.readUInt32BE(0);
      if (this.#received.length < end) return;
      const answer = this.#received.toString('utf8', LENGTH_BYTES, end);
      this.#received = this.#received.subarray(end);
      this.#requests.shift()?.answered(answer);
    }
  }

  /** It has ended. */
  #fail(error: Error): void {
    this.#process = null;
    for (const { failed } of this.#requests.splice(0)) failed(error);
  }
}
