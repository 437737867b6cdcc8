import type { RewriteStep } from './plan';

/** The rewrites in the order in which they are applied to a node. */
export const REWRITE_NAMES = [
  'add implied conditions',
  'choose placement',
  'fold constants',
  'flatten',
  'push not down into differences',
  'merge predicates of one table into one scan',
  'share equal leaves',
  'order by estimated cost',
] as const;
export type RewriteName = (typeof REWRITE_NAMES)[number];

/** Remembers what each rewrite did: the first reason in full, further ones by number. */
export class RewriteLog {
  readonly #done = new Map<RewriteName, { readonly reason: string; times: number }>();

  add(name: RewriteName, reason: string): void {
    const done = this.#done.get(name);
    if (done === undefined) {
      this.#done.set(name, { reason, times: 1 });
    } else {
      done.times += 1;
    }
  }

  /** Of the rewrites that did something, in the order of `REWRITE_NAMES`. */
  steps(): readonly RewriteStep[] {
    return REWRITE_NAMES.flatMap((name) => {
      const done = this.#done.get(name);
      if (done === undefined) {
        return [];
      }
      const more = done.times - 1;
      return [{ name, reason: more === 0 ? done.reason : `${done.reason} (and ${more} more like it)` }];
    });
  }
}
