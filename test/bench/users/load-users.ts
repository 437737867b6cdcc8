import type { FieldDefinition, FieldWrite, JsonValue, TagMessage, TagTypeDefinition } from '@tessera/tag-catalog';
import { fieldIndex } from '@tessera/tag-catalog';
import { CITY_NAMES, cuidOfUser } from './user-population';
import type { UserPopulation, UserBlock } from './user-population';
import type { EmbeddedSubject } from './embedded-subject';

const BATCH_MESSAGES = 50_000;
const BATCHES_IN_FLIGHT = 2;

/** The tag type of the bench's users. */
export const BENCH_TYPE = {
  name: 'bench_user',
  kind: 'profile',
  tags: [
    { name: 'gender', valueType: 'int' },
    { name: 'city', valueType: 'string' },
    { name: 'level', valueType: 'int' },
    { name: 'age', valueType: 'int' },
    { name: 'spend', valueType: 'decimal', scale: 2 },
  ],
} satisfies JsonValue;

/** Declares the type and writes every user, durable when resolved. User n gets guid n + 1. */
export async function loadUsers(subject: EmbeddedSubject, users: UserPopulation): Promise<void> {
  const type = await subject.declare(BENCH_TYPE);
  const timeMs = Date.now();
  const inFlight: Promise<unknown>[] = [];
  for (const block of users.blocks()) {
    for (let start = 0; start < block.length; start += BATCH_MESSAGES) {
      const messages = createMessages(type, block, {
        start,
        end: Math.min(start + BATCH_MESSAGES, block.length),
        timeMs,
      });
      const applied = subject.engine.apply({ arrivalMs: timeMs, messages });
      applied.catch(() => undefined);
      inFlight.push(applied);
      if (inFlight.length >= BATCHES_IN_FLIGHT) await inFlight.shift();
    }
  }
  await Promise.all(inFlight);
}

function createMessages(
  type: TagTypeDefinition,
  block: UserBlock,
  { start, end, timeMs }: { readonly start: number; readonly end: number; readonly timeMs: number },
): TagMessage[] {
  const index = fieldIndex(type);
  const field = (name: string): FieldDefinition => {
    const found = index.get(name);
    if (found === undefined) throw new Error(`${type.name} lacks ${name}`);
    return found;
  };
  const [gender, city, level, age, spend] = [
    field('gender'),
    field('city'),
    field('level'),
    field('age'),
    field('spend'),
  ];
  const messages: TagMessage[] = [];
  for (let row = start; row < end; row += 1) {
    const fields: FieldWrite[] = [
      { op: 'set', field: gender, value: block.gender[row] ?? 0 },
      { op: 'set', field: city, value: CITY_NAMES[block.city[row] ?? 0] ?? '' },
      { op: 'set', field: level, value: block.level[row] ?? 0 },
      { op: 'set', field: age, value: block.age[row] ?? 0 },
      { op: 'set', field: spend, value: block.spendCents[row] ?? 0 },
    ];
    messages.push({ type, cuid: cuidOfUser(block.start + row), timeMs, id: null, fields });
  }
  return messages;
}
