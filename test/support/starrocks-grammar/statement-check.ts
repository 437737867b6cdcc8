import { MissingServiceError } from '../services/missing-service-error';
import { StarrocksGrammar } from './starrocks-grammar';
import { StarrocksSyntaxError } from './starrocks-syntax-error';

let isTold = false;

/**
 * Checks what is sent to a stand-in by StarRocks' own grammar. Statements that it refuses are kept: whoever sent them may take the error
 * for one of many and go on.
 */
export class StatementCheck {
  readonly #refused: StarrocksSyntaxError[] = [];

  private constructor(private readonly grammar: StarrocksGrammar) {}

  /** Null: this machine can't, and says so once. @throws MissingServiceError instead under CI, where nobody would read it. */
  static async create(): Promise<StatementCheck | null> {
    const reason = StarrocksGrammar.lacks();
    if (reason === null) return new StatementCheck(await StarrocksGrammar.create());
    if (process.env['CI'] === 'true') throw new MissingServiceError(reason);
    if (!isTold) process.stderr.write(`\nSKIPPED: statements are not checked by StarRocks' grammar: ${reason}\n`);
    isTold = true;
    return null;
  }

  /** @throws StarrocksSyntaxError */
  async check(sql: string): Promise<void> {
    try {
      await this.grammar.check(sql);
    } catch (error) {
      if (error instanceof StarrocksSyntaxError) this.#refused.push(error);
      throw error;
    }
  }

  /** @throws Error if any statement was refused. */
  async close(): Promise<void> {
    await this.grammar.close();
    const [first] = this.#refused;
    if (first === undefined) return;
    throw new Error(
      `${this.#refused.length} statements that StarRocks would refuse were sent; the first: ${first.message}`,
    );
  }
}
