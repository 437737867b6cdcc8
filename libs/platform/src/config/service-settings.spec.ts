import { mysqlUrl, redisUrls } from './service-settings';
import { optionalStarrocksUrls, STARROCKS_HTTP_URLS } from './starrocks-settings';

const problem = (text: string): object => ({ ok: false, problem: expect.stringContaining(text) as unknown });

describe('Settings of other services', () => {
  it('reads one MySQL, and does not pass over a second one in silence', () => {
    const { parse } = mysqlUrl('of the tests');
    expect(parse('mysql://root@db:3306/tessera')).toEqual({ ok: true, value: 'mysql://root@db:3306/tessera' });
    expect(parse('mysql://root@one/tessera,mysql://root@two/tessera')).toEqual(problem('one'));
    expect(parse('http://db')).toEqual(problem('mysql://'));
  });

  it.each([
    ['MYSQL_URL', mysqlUrl('of the tests'), 'mysql:'],
    ['REDIS_URL', redisUrls('of the tests'), 'redis:'],
    ['STARROCKS_URL', optionalStarrocksUrls('of the tests', 'none'), 'mysql:'],
  ] as const)(
    'refuses a %s whose user or password can not be read, and does not show it',
    (_name, { parse }, protocol) => {
      expect(parse(`${protocol}//app:100%25sure@host:9030`)).toMatchObject({ ok: true });
      for (const user of ['app:100%sure', '100%sure:app']) {
        const read = parse(`${protocol}//${user}@host:9030`);
        expect(read).toEqual(problem('%25'));
        expect(JSON.stringify(read)).not.toContain('sure');
      }
    },
  );

  it('takes nothing behind the port of a frontend, which would be passed over', () => {
    expect(STARROCKS_HTTP_URLS.parse('http://one:8030,http://two:8030/')).toMatchObject({ ok: true });
    expect(STARROCKS_HTTP_URLS.parse('http://one:8030/starrocks')).toEqual(problem('behind the port'));
    expect(STARROCKS_HTTP_URLS.parse('http://one:8030?x=1')).toEqual(problem('behind the port'));
  });
});
