import { parseArgs } from 'node:util';
import { StarrocksStandIn } from './standin';

// The stand-in as a process of its own; see StarrocksStandInServer.

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      'mysql-port': { type: 'string', default: '0' },
      'http-port': { type: 'string', default: '0' },
      'backend-port': { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      users: { type: 'string', default: '{}' },
    },
  });
  const standIn = await StarrocksStandIn.start({
    ...(values.folder === undefined ? {} : { folder: values.folder }),
    mysqlPort: Number(values['mysql-port']),
    httpPort: Number(values['http-port']),
    backendPort: Number(values['backend-port']),
    seed: Number(values.seed),
    users: JSON.parse(values.users) as Record<string, string>,
  });
  process.stdout.write(`stand-in for StarRocks: ${standIn.mysqlUrl} ${standIn.httpUrl}\n`);
  process.once('SIGTERM', () => {
    void standIn.close().then(() => process.exit(0));
  });
}

void main();
