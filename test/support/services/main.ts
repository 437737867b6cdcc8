import { down, up } from './services';

const HELP = `Starts and stops a real Redis, MariaDB and Kafka, for tests and for trying things out.

  npm run services -- up     starts what does not run; prints the settings to use them with
  npm run services -- down   stops them and deletes their data

They listen on loopback, on free ports. Where a Docker engine answers they are containers (docker/services.yaml); otherwise they are processes, whose data
lie in a temporary folder: Redis and MariaDB are installed from Debian's packages where they are missing and that can be done, Kafka's jars are got by Maven.
`;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main([command]: readonly string[]): Promise<number> {
  switch (command) {
    case 'up': {
      const { settings, missing } = await up(say);
      for (const [name, value] of Object.entries(settings)) process.stdout.write(`export ${name}=${value}\n`);
      for (const line of missing) say(`MISSING ${line}`);
      return missing.length === 0 ? 0 : 1;
    }
    case 'down':
      await down(say);
      return 0;
    case '--help':
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(HELP);
      return 2;
  }
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
