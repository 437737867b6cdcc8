import type { JsonValue } from '@tessera/tag-catalog';
import {
  CALENDAR_OFFSET_MIN,
  EXPRESSION_DEPTH_MAX,
  EXPRESSION_NODES_MAX,
  ID_LENGTH_MAX,
  LIST_VALUES_MAX,
  NEXT_DAYS_MAX,
  SEQUENCE_STEPS_MAX,
  SEQUENCE_STEPS_MIN,
  WHERE_FILTERS_MAX,
} from './limits';
import { EXPRESSION_EXAMPLES } from './expression-examples';

interface Schema {
  readonly [key: string]: JsonValue;
}

const NAME_PATTERN = '^[a-z][a-z0-9_]{0,63}$';
/** The same form as the parser's, in the regular expressions that JSON Schema has. At least one part, and none of them empty. */
const DURATION_PATTERN = '^P(?=[0-9T])([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.][0-9]{1,3})?S)?)?$';
const INSTANT_PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?([Zz]|[+-][0-9]{2}:[0-9]{2})$';

const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const orParam = (schema: Schema): Schema => ({ anyOf: [schema, ref('param')] });

function object(description: string, required: readonly string[], properties: Schema, more: Schema = {}): Schema {
  return { type: 'object', description, required, properties, additionalProperties: false, ...more };
}

function node(
  kind: keyof typeof EXPRESSION_EXAMPLES,
  description: string,
  required: readonly string[],
  properties: Schema,
): Schema {
  return object(
    description,
    required,
    { ...properties, id: ref('nodeId') },
    { title: kind, examples: EXPRESSION_EXAMPLES[kind] },
  );
}

const OPERANDS: Schema = {
  param: object(
    'Stands for a value that the request (or, inside an audience, the audience or the node that uses it) gives under this name.',
    ['param'],
    { param: { type: 'string', minLength: 1, maxLength: ID_LENGTH_MAX } },
    { examples: [{ param: 'minimum_orders' }] },
  ),
  scalar: {
    description: 'A bool, number, text, date (YYYY-MM-DD) or datetime (RFC 3339 with zone).',
    type: ['boolean', 'number', 'string'],
  },
  duration: {
    description: 'ISO 8601 duration of weeks, days, hours, minutes and seconds, more than 0. A day is 24 hours.',
    type: 'string',
    pattern: DURATION_PATTERN,
    examples: ['P7D', 'P2W', 'PT36H', 'PT0.5S'],
  },
  instant: {
    description: 'RFC 3339 date-time with zone, at most 3 fraction digits, years 1000 to 9999.',
    type: 'string',
    pattern: INSTANT_PATTERN,
    examples: ['2026-01-31T09:30:00Z', '2026-01-31T17:30:00.250+08:00'],
  },
  timeZone: {
    description: 'IANA time zone name.',
    type: 'string',
    minLength: 1,
    maxLength: 64,
    examples: ['UTC', 'Asia/Shanghai'],
  },
  nodeId: {
    description: "The author's own name for the node, given back in answers.",
    type: 'string',
    minLength: 1,
    maxLength: ID_LENGTH_MAX,
  },
  name: { type: 'string', pattern: NAME_PATTERN },
};

/** One alternative for each group of operators: they differ in the value that they take. */
const CONDITIONS: readonly {
  readonly operators: readonly string[];
  readonly value: Schema;
  readonly optional?: boolean;
}[] = [
  { operators: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'before', 'after'], value: orParam(ref('scalar')) },
  { operators: ['contains', 'startsWith', 'endsWith', 'matches'], value: orParam({ type: 'string' }) },
  {
    operators: ['in', 'notIn', 'hasAny', 'hasAll', 'hasNone'],
    value: orParam({ type: 'array', minItems: 1, maxItems: LIST_VALUES_MAX, items: orParam(ref('scalar')) }),
  },
  {
    operators: ['between'],
    value: orParam({ type: 'array', minItems: 2, maxItems: 2, items: orParam(ref('scalar')) }),
  },
  { operators: ['exists'], value: orParam({ type: 'boolean', default: true }), optional: true },
  { operators: ['withinLast'], value: orParam(ref('duration')) },
  {
    operators: ['anniversary'],
    value: orParam(
      object('Days after today that count too.', ['nextDays'], {
        nextDays: orParam({ type: 'integer', minimum: 0, maximum: NEXT_DAYS_MAX }),
      }),
    ),
  },
];

/** `op` and `value` agree; used beside the object that closes the set of keys. */
const OPERATION: Schema = {
  description: 'Which operators a value takes depends on its type; what a value is, on the operator.',
  oneOf: CONDITIONS.map(({ operators, value, optional }) => ({
    required: optional === true ? ['op'] : ['op', 'value'],
    properties: { op: { enum: operators }, value },
  })),
};

const PARTS: Schema = {
  operation: OPERATION,
  filter: object(
    'What a property of one row must satisfy. A property with no value satisfies nothing but exists: false.',
    ['property', 'op'],
    { property: ref('name'), op: true, value: true },
    { allOf: [ref('operation')], examples: [{ property: 'category', op: 'eq', value: 'toys' }] },
  ),
  where: {
    description: 'Filters that a row must satisfy, all of them.',
    type: 'array',
    maxItems: WHERE_FILTERS_MAX,
    items: ref('filter'),
  },
  measure: {
    description: 'What is computed over the rows of one user; exactly one.',
    default: { count: '*' },
    oneOf: [
      ...['count', 'firstTime', 'lastTime'].map((kind) =>
        object(`${kind} of the rows`, [kind], { [kind]: { const: '*' } }),
      ),
      ...['distinct', 'sum', 'avg', 'min', 'max'].map((kind) =>
        object(`${kind} of a property`, [kind], { [kind]: ref('name') }),
      ),
    ],
    examples: [{ count: '*' }, { sum: 'amount' }, { lastTime: '*' }],
  },
  window: {
    description: 'Which rows count, by their time; exactly one form. None: every row up to as-of.',
    oneOf: [
      object('From as-of less the duration (excluded) to as-of.', ['last'], { last: orParam(ref('duration')) }),
      object(
        'From the first instant to just before the second.',
        [],
        { from: orParam(ref('instant')), to: orParam(ref('instant')) },
        { anyOf: [{ required: ['from'] }, { required: ['to'] }] },
      ),
      object(
        'A whole calendar unit; offset 0 is the running one, cut at as-of. Weeks begin on Monday.',
        ['calendar', 'offset'],
        {
          calendar: orParam({ enum: ['day', 'week', 'month'] }),
          offset: orParam({ type: 'integer', minimum: CALENDAR_OFFSET_MIN, maximum: 0 }),
          timeZone: orParam(ref('timeZone')),
        },
      ),
    ],
    examples: [
      { last: 'P7D' },
      { from: '2026-01-01T00:00:00Z' },
      { calendar: 'month', offset: -1, timeZone: 'Europe/Berlin' },
    ],
  },
  children: { type: 'array', minItems: 1, maxItems: EXPRESSION_NODES_MAX, items: ref('node') },
  step: object('One step: a row of this event.', ['event'], { event: ref('name'), where: ref('where') }),
  version: { anyOf: [{ const: 'latest' }, { type: 'integer', minimum: 1 }, ref('param')], default: 'latest' },
  referenceId: { type: 'string', minLength: 1, maxLength: ID_LENGTH_MAX },
};

const NODES: Schema = {
  and: node('and', 'Users in all of the sets.', ['and'], { and: ref('children') }),
  or: node('or', 'Users in at least one of the sets.', ['or'], { or: ref('children') }),
  not: node('not', 'Known users who are not in the set.', ['not'], { not: ref('node') }),
  atLeast: node('atLeast', 'Users in at least so many of the sets (no more than there are).', ['atLeast', 'of'], {
    atLeast: orParam({ type: 'integer', minimum: 1, maximum: EXPRESSION_NODES_MAX }),
    of: ref('children'),
  }),
  all: node('all', 'Every known user.', ['all'], { all: { const: true } }),
  tag: {
    ...node('tag', 'Users whose value of a tag satisfies the condition.', ['tag', 'op'], {
      tag: ref('name'),
      op: true,
      value: true,
      onMissing: {
        description: 'Whether users with no value are in the set.',
        enum: ['exclude', 'include'],
        default: 'exclude',
      },
    }),
    allOf: [ref('operation')],
  },
  event: {
    // "exists" on times needs no value; every other operator does, which the operation says.
    ...node(
      'event',
      'Users for whom a measure over their rows of one event compares as said. Count eq 0 is "did not do".',
      ['event', 'op'],
      {
        event: ref('name'),
        where: ref('where'),
        measure: ref('measure'),
        op: true,
        value: true,
        window: ref('window'),
      },
    ),
    allOf: [ref('operation')],
  },
  sequence: node(
    'sequence',
    'Users with rows in this order, at strictly increasing times, one row a step; the last row lies in the window.',
    ['sequence'],
    {
      sequence: { type: 'array', minItems: SEQUENCE_STEPS_MIN, maxItems: SEQUENCE_STEPS_MAX, items: ref('step') },
      within: orParam(ref('duration')),
      window: ref('window'),
    },
  ),
  audience: {
    ...node('audience', 'Users in a saved audience: evaluated now (live), or its newest snapshot.', ['audience'], {
      audience: ref('referenceId'),
      version: ref('version'),
      mode: { enum: ['live', 'snapshot'], default: 'live' },
      params: { description: "Values for the audience's parameters, over its defaults.", type: 'object' },
    }),
    not: { required: ['mode', 'params'], properties: { mode: { const: 'snapshot' } } },
  },
  list: node('list', 'Users in an uploaded list.', ['list'], { list: orParam(ref('referenceId')) }),
};

/**
 * JSON Schema (draft 2020-12) of expressions. It says all that can be said about the shape; names, types of values, the order of
 * limits, nesting and the number of nodes are checked by `bindExpression`, so a valid document may still be refused there.
 */
export function expressionSchema(): JsonValue {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://tessera.invalid/schemas/expression.json',
    title: 'Tessera expression',
    description:
      `A rule that denotes a set of users. At most ${EXPRESSION_NODES_MAX} nodes, nested at most ${EXPRESSION_DEPTH_MAX} deep, ` +
      `${LIST_VALUES_MAX} values in a list.`,
    $ref: '#/$defs/node',
    $defs: {
      node: {
        description: 'An object of exactly one kind.',
        oneOf: Object.keys(NODES).map((kind) => ref(kind)),
      },
      ...NODES,
      ...PARTS,
      ...OPERANDS,
    },
    examples: Object.values(EXPRESSION_EXAMPLES).flat(),
  };
}
