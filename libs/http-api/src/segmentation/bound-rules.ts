import { buildPlan, hashExpression, weighExpression } from '@tessera/audience';
import type { Expression, Plan } from '@tessera/audience';
import type { Catalog } from '@tessera/tag-catalog';

const RULES_MAX = 1_000;
const BYTES_MAX = 32 * 1024 * 1024;
/** A longer text is not kept: reading it costs more than binding what it says. */
const TEXT_LENGTH_MAX = 64 * 1024;
/** What a plan with its compiled tests and digests takes, as a multiple of the expression that it is made of. */
const PLAN_FACTOR = 6;

/** A bound expression with what is worked out from it at most once. */
export class BoundRule {
  #hash: string | undefined;
  #plan: Plan | undefined;

  constructor(readonly expression: Expression) {}

  /** Of the canonical expression: not every answer tells it. */
  get hash(): string {
    this.#hash ??= hashExpression(this.expression);
    return this.#hash;
  }

  /** @param asOfMs milliseconds since the epoch. The plan asked for last is kept while it fits. */
  planAt(asOfMs: number): Plan {
    const kept = this.#plan;
    if (kept?.asOfMs === asOfMs) return kept;
    const plan =
      kept?.dependsOnAsOf === false ? Object.freeze({ ...kept, asOfMs }) : buildPlan(this.expression, { asOfMs });
    this.#plan = plan;
    return plan;
  }
}

/**
 * The text under which a rule is kept: equal texts are bound alike against one catalogue. Null: too long, or nested too deep to be
 * written. Other key orders are other texts, at the price of one more entry.
 *
 * @param expression and `params` as `JSON.parse` gave them; `params` undefined: none.
 */
export function ruleText(expression: unknown, params: unknown, timeZone: string): string | null {
  try {
    const text = JSON.stringify([timeZone, expression, ...(params === undefined ? [] : [params])]);
    return text.length > TEXT_LENGTH_MAX ? null : text;
  } catch {
    return null;
  }
}

/**
 * The rules bound last, for callers that ask one and the same of many users. All are of one catalogue: the first look at another one
 * forgets them. The one used longest ago goes first. Keep no rule here that depends on anything but its text and the catalogue.
 */
export class BoundRules {
  readonly #rules = new Map<string, { readonly rule: BoundRule; readonly bytes: number }>();
  #catalog: Catalog | undefined;
  #bytes = 0;

  /** @param limits how many rules are kept, and how many bytes they may take together. */
  constructor(private readonly limits = { rules: RULES_MAX, bytes: BYTES_MAX }) {}

  /** Rules kept. */
  get size(): number {
    return this.#rules.size;
  }

  /** Estimated, from above. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param text from `ruleText`. */
  find(catalog: Catalog, text: string): BoundRule | undefined {
    if (catalog !== this.#catalog) this.#startAfresh(catalog);
    const found = this.#rules.get(text);
    if (found === undefined) return undefined;
    this.#rules.delete(text);
    this.#rules.set(text, found);
    return found.rule;
  }

  /** @param catalog the one that the rule was bound against; if another one was looked at since, the rule is not kept. */
  keep(catalog: Catalog, text: string, rule: BoundRule): void {
    if (catalog !== this.#catalog) return;
    const bytes = text.length * 2 + weighExpression(rule.expression) * (1 + PLAN_FACTOR);
    if (bytes > this.limits.bytes) return;
    this.#drop(text);
    this.#rules.set(text, { rule, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#rules.keys()) {
      if (this.#rules.size <= this.limits.rules && this.#bytes <= this.limits.bytes) return;
      this.#drop(oldest);
    }
  }

  #drop(text: string): void {
    this.#bytes -= this.#rules.get(text)?.bytes ?? 0;
    this.#rules.delete(text);
  }

  #startAfresh(catalog: Catalog): void {
    this.#rules.clear();
    this.#bytes = 0;
    this.#catalog = catalog;
  }
}
