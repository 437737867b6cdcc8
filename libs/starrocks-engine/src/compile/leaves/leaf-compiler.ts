import type { EventScanNode, ProfileScanNode } from '@tessera/audience';
import { GUID, identifier, tableOfTag } from '../../schema/names';
import type { LeafSql, Relation, ScanNode } from '../leaf';
import { ConditionScope, FALSE } from './condition';
import { EventRelation } from './event-relation';
import { KvRelation } from './kv-relation';
import type { LeafBuilder, LeafContext } from './leaf-context';
import { LEAVES_MAX, LeafLimitError, RELATIONS_MAX } from './leaf-limits';
import { LongLists } from './long-lists';
import { patternKey } from './patterns';
import { profileCondition, profileHoldsWithoutRow } from './profile-scan';
import { SequenceRelation } from './sequence-relation';
import { ValueLists } from './value-lists';
import type { KnownLists, ValueList } from './value-lists';

export interface LeafCompilerOptions {
  /** Wall clock, ms: rows past their retention count nowhere, whatever the as-of. */
  readonly nowMs: number;
  /** For every key of `patternQuestions` of the leaves: the distinct values that match. */
  readonly matches: ReadonlyMap<string, readonly string[]>;
  /** The id (at most 64 characters) under which the long list of this slot, counted from 0, is put into `sys_values`. */
  readonly listId: (slot: number) => string;
  /** Lists that are stored once for several compilers; `listId` has to be the same for all of them. */
  readonly lists?: KnownLists;
}

/** Leaves looked at from outside of a relation: the table or sub-select, and the long lists that its columns are looked up in. */
interface Base {
  readonly builder: LeafBuilder;
  readonly lists: LongLists;
}

const NOWHERE: LeafSql = { condition: FALSE, relations: [], holdsWithoutRow: false };

/**
 * Turns the leaves of one statement into conditions over few relations: those of one table share a scan. First all leaves are added, then
 * `relations` and `valueLists` tell what to join and what to store beforehand. The same leaves in the same order give the same text.
 *
 * Aliases are a letter and a number: p, k and e with the id of the tag type (profile, kv, event), and q, v and s counted from 0
 * (sequences, long lists of values, long lists of elements of sets).
 */
export class LeafCompiler {
  readonly #values: ValueLists;
  readonly #context: LeafContext;
  readonly #leaves = new Map<string, LeafSql>();
  readonly #bases = new Map<string, Base>();
  readonly #counters = { v: 0, s: 0, q: 0 };

  constructor(options: LeafCompilerOptions) {
    this.#values = new ValueLists(options.listId, options.lists);
    const matching = (fieldId: number | null, pattern: string): readonly string[] => {
      const values = options.matches.get(patternKey(fieldId, pattern));
      if (values === undefined) throw new Error(`it is not known which values of the field ${fieldId} match a pattern`);
      return values;
    };
    this.#context = {
      values: this.#values,
      nowMs: options.nowMs,
      scope: (lists) => new ConditionScope(lists, matching),
    };
  }

  /**
   * Equal leaves (by key) are compiled once.
   * @throws LeafLimitError for one leaf too many, or one that no statement can hold; those added before stay as they are.
   */
  add(node: ScanNode): LeafSql {
    const known = this.#leaves.get(node.key);
    if (known !== undefined) return known;
    if (this.#leaves.size >= LEAVES_MAX) {
      throw new LeafLimitError('leaves', LEAVES_MAX, `a statement holds at most ${LEAVES_MAX} leaves`);
    }
    const leaf = this.#compile(node);
    this.#leaves.set(node.key, leaf);
    return leaf;
  }

  /** Distinct leaves so far. */
  get leafCount(): number {
    return this.#leaves.size;
  }

  /** At least as many as `relations` will give. One more leaf adds a relation and one for each long list at most. */
  get relationCount(): number {
    return [...this.#bases.values()].reduce((count, { lists }) => count + 1 + lists.size, 0);
  }

  /** In the order of joining. @throws LeafLimitError if they are too many for one statement. */
  relations(): readonly Relation[] {
    const bases = [...this.#bases.values()];
    const relations = bases.flatMap(({ builder, lists }): readonly Relation[] => {
      const sql = builder.sql();
      if (sql === null) return [];
      const joins = lists.joins();
      return [
        { alias: builder.alias, sql, joinedBy: null },
        ...joins.map((join) => ({ alias: join.alias, sql: join.sql, joinedBy: join.isOfValues ? join.on : null })),
      ];
    });
    if (relations.length > RELATIONS_MAX) {
      const detail = `${relations.length} relations in a statement, at most ${RELATIONS_MAX}: put fewer leaves into it`;
      throw new LeafLimitError('relations', RELATIONS_MAX, detail);
    }
    return relations;
  }

  /** What has to stand in `sys_values` when the statement is run, and may be deleted afterwards. */
  valueLists(): readonly ValueList[] {
    return this.#values.all;
  }

  #compile(node: ScanNode): LeafSql {
    switch (node.kind) {
      case 'profileScan':
        return this.#profile(node);
      case 'kvRead': {
        const alias = `k${node.test.tag.typeId}`;
        const { builder } = this.#base(alias, () => new KvRelation(node.test, alias, this.#context));
        if (!(builder instanceof KvRelation)) throw new Error(`${alias} is no relation of kv tags`);
        const condition = builder.add(node);
        return { condition, relations: [alias], holdsWithoutRow: KvRelation.holdsWithoutRow(node) };
      }
      case 'eventScan':
        return this.#event(node);
      case 'sequenceScan': {
        const alias = `q${this.#counters.q}`;
        const relation = SequenceRelation.of(node, alias, this.#context);
        if (relation === undefined) return NOWHERE;
        this.#counters.q += 1;
        this.#base(alias, () => relation);
        return {
          condition: `${alias}.${identifier(GUID)} IS NOT NULL`,
          relations: [alias],
          holdsWithoutRow: false,
        };
      }
    }
  }

  #profile(node: ProfileScanNode): LeafSql {
    const [first] = node.tests;
    if (first === undefined) throw new Error(`a scan of the tag type ${node.tagType} needs at least one test`);
    const alias = `p${first.tag.typeId}`;
    const table = identifier(tableOfTag(first.tag));
    const { lists } = this.#base(alias, () => ({ alias, sql: () => table }), table);
    const scope = this.#context.scope(lists);
    const condition = profileCondition(node, alias, scope);
    return {
      condition,
      relations: [alias, ...scope.joined],
      holdsWithoutRow: profileHoldsWithoutRow(node),
    };
  }

  #event(node: EventScanNode): LeafSql {
    const alias = `e${node.eventType.id}`;
    const { builder, lists } = this.#base(alias, () => new EventRelation(node.eventType, alias, this.#context));
    if (!(builder instanceof EventRelation)) throw new Error(`${alias} is no relation of events`);
    const scope = this.#context.scope(lists);
    const { sql, holdsWithoutRow, readsRows } = builder.add(node, scope);
    return readsRows
      ? { condition: sql, relations: [alias, ...scope.joined], holdsWithoutRow }
      : { condition: sql, relations: [], holdsWithoutRow };
  }

  #base(alias: string, build: () => LeafBuilder, table = ''): Base {
    const known = this.#bases.get(alias);
    if (known !== undefined) return known;
    const builder = build();
    const lists = new LongLists({ from: table, alias, keys: [GUID] }, this.#values, (prefix) => {
      this.#counters[prefix] += 1;
      return `${prefix}${this.#counters[prefix] - 1}`;
    });
    const base = { builder, lists };
    this.#bases.set(alias, base);
    return base;
  }
}
