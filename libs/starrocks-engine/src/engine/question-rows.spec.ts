import type { ValueList } from '../compile/leaves';
import { storeValues } from './question-rows';

const list = (slot: number, values: readonly (number | string)[]): ValueList => ({
  slot,
  id: `question-${slot}`,
  column: typeof values[0] === 'number' ? 'sys_number' : 'sys_text',
  values,
});

async function statementsFor(lists: readonly ValueList[]): Promise<readonly string[]> {
  const statements: string[] = [];
  await storeValues(lists, 0, (statement) => {
    statements.push(statement);
    return Promise.resolve();
  });
  return statements;
}

const rowsIn = (statement: string): number => statement.match(/\('question-/g)?.length ?? 0;

describe('storeValues', () => {
  it('stores all lists of a question in one statement', async () => {
    const numbers = Array.from({ length: 60_000 }, (_, value) => value);
    const statements = await statementsFor([list(0, numbers), list(1, ['a', "b'"]), list(2, [])]);
    expect(statements).toHaveLength(1);
    expect(rowsIn(statements[0] ?? '')).toBe(60_002);
    expect(statements[0]).toMatch(/\('question-1',NULL,'b\\''\)\) AS v \(c0, c1, c2\)$/);
  });

  it('begins another statement after four million characters', async () => {
    const texts = Array.from({ length: 100 }, (_, value) => `${value}${'x'.repeat(60_000)}`);
    const statements = await statementsFor([list(0, texts)]);
    expect(statements).toHaveLength(2);
    for (const statement of statements) expect(statement.length).toBeLessThan(4_100_000);
    expect(statements.map(rowsIn).reduce((sum, rows) => sum + rows, 0)).toBe(100);
  });

  it('stores nothing of nothing', async () => {
    expect(await statementsFor([])).toEqual([]);
  });
});
