import { parseArgs } from 'node:util';
import { StatementCheck } from '../starrocks-grammar/statement-check';
import { StarrocksStandIn } from './standin';

// The stand-in as a process of its own; see StarrocksStandInServer.

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      'mysql-port': { type: 'string', default: '0' },
      'follower-port': { type: 'string', default: '0' },
      'http-port': { type: 'string', default: '0' },
      'backend-port': { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      users: { type: 'string', default: '{}' },
    },
  });
  // As it was built it serves benches, where the check of each statement would be what is measured.
  const check = __filename.endsWith('.ts') ? await StatementCheck.create() : null;
  const standIn = await StarrocksStandIn.start({
    ...(check === null ? {} : { checkStatement: (sql: string) => check.check(sql) }),
    ...(values.folder === undefined ? {} : { folder: values.folder }),
    mysqlPort: Number(values['mysql-port']),
    followerPort: Number(values['follower-port']),
    httpPort: Number(values['http-port']),
    backendPort: Number(values['backend-port']),
    seed: Number(values.seed),
    users: JSON.parse(values.users) as Record<string, string>,
  });
  process.stdout.write(`stand-in for StarRocks: ${standIn.mysqlUrl} ${standIn.httpUrl}\n`);
  process.once('SIGTERM', () => {
    void standIn
      .close()
      .then(() => check?.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
  });
}

void main();
