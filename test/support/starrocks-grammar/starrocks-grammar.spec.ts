import { textLiteral } from '@tessera/starrocks-engine';
import { describeWithServer } from '../services/with-server';
import { HOSTILE_TEXTS, LONG_HOSTILE_TEXT } from '../texts/hostile-texts';
import { ACCEPTED, REFUSED } from './examples';
import { StarrocksGrammar } from './starrocks-grammar';
import { StarrocksSyntaxError } from './starrocks-syntax-error';

const TEXTS = { ...HOSTILE_TEXTS, 'a million characters': LONG_HOSTILE_TEXT };

describeWithServer("StarRocks' grammar", StarrocksGrammar, (grammar) => {
  it.each(Object.entries(ACCEPTED))('accepts %s', async (_name, sql) => {
    await grammar().check(sql);
  });

  it.each(REFUSED)('refuses %s', async (sql) => {
    await expect(grammar().check(sql)).rejects.toThrow(StarrocksSyntaxError);
  });

  it('tells where, with the statement', async () => {
    const sql = "SELECT a,\n  '👩' AS b FORM t";
    const refusal: unknown = await grammar()
      .check(sql)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ statement: sql, line: 2, column: 11 });
    expect(String(refusal)).toContain('line 2, column 11: ');
    expect(String(refusal)).toContain("  '👩' AS b >>>FORM t");
  });

  it('refuses a statement each time, and answers many in any order', async () => {
    const refused = 'SELECT 1 FROM WHERE';
    const asked = Array.from({ length: 200 }, (_, index) =>
      index % 7 === 0 ? refused : `SELECT ${index % 50} FROM t`,
    );
    const outcomes = await Promise.allSettled(asked.map((sql) => grammar().check(sql)));
    expect(outcomes.map(({ status }) => status)).toEqual(
      asked.map((sql) => (sql === refused ? 'rejected' : 'fulfilled')),
    );
  });

  it('parses what nests deeply', async () => {
    await grammar().check(`SELECT ${'('.repeat(300)}1${')'.repeat(300)}`);
    await grammar().check(`SELECT 1 WHERE ${Array.from({ length: 3_000 }, (_, index) => `a = ${index}`).join(' OR ')}`);
  });

  it.each(Object.entries(TEXTS))('takes a literal of %s for one token', async (_name, text) => {
    const literal = textLiteral(text);
    const length = Array.from(literal).length;
    expect(await grammar().tokens(literal)).toEqual([{ name: 'SINGLE_QUOTED_TEXT', from: 0, to: length }]);
    const before = 'SELECT 1 FROM t WHERE a IN (';
    const tokens = await grammar().tokens(`${before}${literal},'x')`);
    expect(tokens.filter(({ name }) => name.includes('TEXT'))).toEqual([
      { name: 'SINGLE_QUOTED_TEXT', from: before.length, to: before.length + length },
      { name: 'SINGLE_QUOTED_TEXT', from: before.length + length + 1, to: before.length + length + 4 },
    ]);
    expect(tokens.filter(({ name }) => name.includes('COMMENT') || name === 'OPTIMIZER_HINT')).toEqual([]);
    await grammar().check(`${before}${literal},'x')`);
  });

  it('sees that a text without escapes is more than a token', async () => {
    await expect(grammar().tokens("'a'b'")).rejects.toThrow(StarrocksSyntaxError);
    expect(await grammar().tokens("'a'b")).toHaveLength(2);
    expect(await grammar().tokens("'a' -- b")).toHaveLength(3);
  });
});

describeWithServer("A closed grammar of StarRocks'", StarrocksGrammar, (grammar) => {
  it('answers what was asked before, and again when it is asked anew', async () => {
    const asked = ['SELECT 1', 'SELECT 2'].map((sql) => grammar().check(sql));
    await Promise.all([...asked, grammar().close()]);
    await expect(grammar().check('SELECT 1 2')).rejects.toThrow(StarrocksSyntaxError);
  });
});
