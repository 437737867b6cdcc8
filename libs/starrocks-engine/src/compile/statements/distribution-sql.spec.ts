import { CATALOG } from '../leaves/testing/sample-leaves';
import { summarySql } from './distribution-sql';

const DAY_MS = 86_400_000;

describe('distributionSql', () => {
  it('takes no notice of a time to live that ends before times begin', () => {
    const tag = CATALOG.tag('mood');
    if (tag === undefined) throw new Error('there is no tag mood');
    const sql = (validAfterMs: number): string => summarySql({ tag, validAfterMs }, 'marked');
    expect(sql(-100_000_000 * DAY_MS)).not.toContain('sys_t_mood');
    expect(sql(Date.UTC(2026, 0, 1))).toContain("`sys_t_mood` > '2026-01-01 00:00:00.000'");
  });
});
