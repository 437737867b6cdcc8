import { createConnection } from 'mysql2/promise';
import { describeWithServer } from '../services/with-server';
import { StarrocksStandIn } from '../starrocks-standin/standin';
import { StarrocksGrammar } from './starrocks-grammar';
import { StatementCheck } from './statement-check';

describeWithServer('The check of statements', StarrocksGrammar, () => {
  it('refuses what the stand-in would take, and tells of it at the end', async () => {
    const check = await StatementCheck.create();
    const asked: string[] = [];
    const standIn = await StarrocksStandIn.start({
      checkStatement: async (sql) => {
        asked.push(sql);
        // As if this one were wrong in a way that the stand-in does not see.
        await check?.check(sql.replace('2 AS two', '2 two three'));
      },
    });
    const connection = await createConnection({ uri: standIn.mysqlUrl, multipleStatements: true });
    await connection.query('SELECT 1 AS one; SELECT 3 AS three');
    await expect(connection.query('SELECT 2 AS two')).rejects.toMatchObject({
      errno: 1064,
      message: expect.stringContaining("StarRocks' grammar, line 1, column 13") as unknown,
    });
    await connection.end();
    await standIn.close();
    expect(asked).toEqual(expect.arrayContaining(['SELECT 1 AS one', 'SELECT 3 AS three', 'SELECT 2 AS two']));
    await expect(check?.close()).rejects.toThrow('1 statements that StarRocks would refuse were sent');
  });

  it('has nothing to tell where all were right', async () => {
    const check = await StatementCheck.create();
    await check?.check('SELECT 1');
    await check?.close();
  });
});
