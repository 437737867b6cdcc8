import { KafkaClient } from '@tessera/kafka';
import { KAFKA_BROKERS, readSettings, runCli } from '@tessera/platform';
import type { Program } from '@tessera/platform';
import { countLetters, replayLetters } from '../dead-letters';

interface Config {
  readonly brokers: readonly string[];
}

const PROGRAM: Program<Config> = {
  title: 'Looks after the dead letters of the distributed shape.',
  usage: `npm run dead-letters -- <command> [--option value …]

  list     counts the letters that came since the last replay, by reason
  replay   sends their messages again, each once; those that still can't be used come back as new letters`,
  settings: {
    brokers: KAFKA_BROKERS,
  },
  problemsOf: () => [],
};

async function main([command = '', ...argv]: readonly string[]): Promise<number> {
  const isKnown = command === 'list' || command === 'replay';
  const commandLine = readSettings(PROGRAM, isKnown ? argv : ['--help'], process.env);
  if (commandLine.kind === 'help') {
    (isKnown || command === '--help' ? process.stdout : process.stderr).write(commandLine.text);
    return isKnown || command === '--help' ? 0 : 2;
  }
  const { brokers } = commandLine.config;
  const client = new KafkaClient({ brokers, clientId: 'tessera-dead-letters', log: () => undefined });
  if (command === 'list') {
    const { waiting, cut } = await countLetters(client);
    for (const [code, count] of [...waiting].sort()) process.stdout.write(`${String(count).padStart(10)}  ${code}\n`);
    process.stdout.write(`${waiting.size === 0 ? 'No letters' : `${cut} of them can't be replayed: they were cut`}\n`);
    return 0;
  }
  const { replayed, passedOver, repeats } = await replayLetters(client);
  process.stdout.write(
    `${replayed} messages sent again, ${passedOver} passed over because they were cut, ${repeats} stood there twice\n`,
  );
  return 0;
}

runCli(main);
