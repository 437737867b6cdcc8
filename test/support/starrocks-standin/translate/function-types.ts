import type { Typed } from './typed';

/** Builds `name(argument)` with the DISTINCT, FILTER and OVER of the call. @param only a further condition on the rows. */
export type Aggregate = (name: string, argument: string, only?: string) => string;

export interface ScalarFunction {
  readonly kind: 'scalar';
  /** Where STARROCKS.md lists it; `docs`: in StarRocks' documentation, under sql-reference/sql-functions. */
  readonly section: string;
  readonly args: readonly [least: number, most: number];
  readonly build: (...args: readonly Typed[]) => Typed;
}

export interface AggregateFunction {
  readonly kind: 'aggregate';
  readonly section: string;
  readonly args: readonly [least: number, most: number];
  /** Takes FILTER (WHERE …). */
  readonly isFiltered?: boolean;
  readonly isDistinct?: boolean;
  /** Also as a window function. */
  readonly isWindow?: boolean;
  readonly build: (aggregate: Aggregate, ...args: readonly Typed[]) => Typed;
}

export interface WindowFunction {
  readonly kind: 'window';
  readonly section: string;
  readonly args: readonly [least: number, most: number];
  readonly ignoresNulls?: boolean;
  readonly build: (aggregate: Aggregate, ...args: readonly Typed[]) => Typed;
}

export type SqlFunction = ScalarFunction | AggregateFunction | WindowFunction;
