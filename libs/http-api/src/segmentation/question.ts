import { bindExpression, checkTimeZone } from '@tessera/audience';
import type { Expression, Plan, ReferencePort } from '@tessera/audience';
import { parseInstant } from '@tessera/tag-catalog';
import type { CatalogStore, LocatedError, ValueLimits } from '@tessera/tag-catalog';
import { expressionProblem, invalidRequest } from '../problem/http-problem';
import type { ReadOffsets } from '../requests/offsets';
import { BoundRule, BoundRules, ruleText } from './bound-rules';
import { WatchedReferences } from './watched-references';

/** What every read takes in its body. */
export interface ReadOptions {
  readonly asOf?: string;
  readonly timeZone?: string;
  readonly params?: unknown;
  readonly minOffset?: string;
}

/** As-of and zone of a request, put in where it left them out. */
export interface Moment {
  readonly asOfMs: number;
  readonly timeZone: string;
}

/** An expression that was understood: bound, planned for one as-of. */
export class Question implements Moment {
  readonly asOfMs: number;
  readonly timeZone: string;
  readonly plan: Plan;
  readonly #rule: BoundRule;

  constructor(rule: BoundRule, { asOfMs, timeZone }: Moment) {
    this.asOfMs = asOfMs;
    this.timeZone = timeZone;
    this.plan = rule.planAt(asOfMs);
    this.#rule = rule;
  }

  get expression(): Expression {
    return this.#rule.expression;
  }

  /** Of the canonical expression: not every answer tells it. */
  get hash(): string {
    return this.#rule.hash;
  }
}

export type Binding =
  { readonly ok: true; readonly question: Question } | { readonly ok: false; readonly errors: readonly LocatedError[] };

export interface QuestionDefaults {
  /** Zone of requests that name none. */
  readonly timeZone: string;
  readonly valueLimits: ValueLimits;
}

/** Turns the bodies of reads into questions for the engine. */
export class QuestionReader {
  readonly #rules = new BoundRules();

  constructor(
    private readonly catalogStore: CatalogStore,
    private readonly references: ReferencePort,
    private readonly offsets: ReadOffsets,
    private readonly clock: () => number,
    private readonly defaults: QuestionDefaults,
  ) {}

  /**
   * Waits for `minOffset`, then fixes as-of and zone: "now" is the moment at which the answer is made, not the one of the asking.
   *
   * @throws HttpProblem 400, 503.
   */
  async moment(options: ReadOptions): Promise<Moment> {
    const given = options.timeZone ?? this.defaults.timeZone;
    const timeZone = checkTimeZone(given);
    if (timeZone === null) {
      throw invalidRequest(
        '/timeZone',
        'unknownTimeZone',
        `${JSON.stringify(given.slice(0, 100))} is no IANA time zone; use a name such as Asia/Shanghai`,
      );
    }
    const asOfMs = options.asOf === undefined ? null : parseInstant(options.asOf);
    if (options.asOf !== undefined && asOfMs === null) {
      const shown = JSON.stringify(options.asOf.slice(0, 100));
      throw invalidRequest(
        '/asOf',
        'invalidInstant',
        `asOf ${shown} is not RFC 3339 with a zone, such as 2026-11-01T00:00:00Z`,
      );
    }
    await this.offsets.waitFor(options.minOffset);
    return { asOfMs: asOfMs ?? this.clock(), timeZone };
  }

  /** Binds and plans one expression at a moment; errors are located within the expression. A rule asked again is not bound again. */
  async bind(expression: unknown, params: unknown, moment: Moment): Promise<Binding> {
    const catalog = this.catalogStore.current();
    const text = ruleText(expression, params, moment.timeZone);
    const known = text === null ? undefined : this.#rules.find(catalog, text);
    if (known !== undefined) return { ok: true, question: new Question(known, moment) };
    const references = new WatchedReferences(this.references);
    const bound = await bindExpression(expression, {
      catalog,
      references,
      ...(params === undefined ? {} : { params }),
      timeZone: moment.timeZone,
      valueLimits: this.defaults.valueLimits,
    });
    if (!bound.ok) return { ok: false, errors: bound.errors };
    const rule = new BoundRule(bound.value);
    if (text !== null && !references.wereAsked) this.#rules.keep(catalog, text, rule);
    return { ok: true, question: new Question(rule, moment) };
  }

  /**
   * The question of one body.
   *
   * @throws HttpProblem 400 or 404 for a wrong expression, 400 for wrong options, 503 if `minOffset` did not come.
   */
  async read(body: ReadOptions & { readonly expression: unknown }): Promise<Question> {
    const moment = await this.moment(body);
    const binding = await this.bind(body.expression, body.params, moment);
    if (!binding.ok) throw expressionProblem(binding.errors);
    return binding.question;
  }
}
