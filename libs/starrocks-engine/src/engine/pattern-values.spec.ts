import { LeafLimitError } from '../compile/leaves';
import { CATALOG } from '../compile/leaves/testing/sample-leaves';
import { matchingValues } from './pattern-values';

async function* rowsOf(values: readonly string[]): AsyncGenerator<{ sys_value: string }> {
  for (const value of values) yield { sys_value: value };
}

describe('matchingValues', () => {
  const field = CATALOG.tag('city');
  if (field === undefined) throw new Error('there is no tag city');
  const question = { key: 'k', pattern: '^\u{fc}', field, statement: 'SELECT' };
  const stream = (): AsyncGenerator<{ sys_value: string }> => rowsOf(['\u{fc}b', 'other', '\u{fc}a']);

  it('gives the values that match, sorted', async () => {
    expect((await matchingValues([question], stream)).get('k')).toEqual(['\u{fc}a', '\u{fc}b']);
  });

  it('refuses more bytes than may be kept', async () => {
    expect((await matchingValues([question], stream, 6)).get('k')).toHaveLength(2);
    await expect(matchingValues([question], stream, 5)).rejects.toThrow(LeafLimitError);
  });
});
