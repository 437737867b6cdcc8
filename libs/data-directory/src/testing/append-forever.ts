/**
 * Beginning of a script that is run with `node -e`: `appendForever(directory)` appends to the log in groups as fast as it can, and prints
 * `log <sequence>` after each record was promised to be durable; `say` prints a line.
 */
export const APPEND_FOREVER = `const { DataDirectory } = require('@tessera/data-directory');
const { writeSync } = require('node:fs');
const say = (line) => writeSync(1, line + '\\n');
async function appendForever({ log }) {
  for (;;) {
    const group = [];
    for (let n = 1 + (log.lastSequence % 40); n > 0; n--) {
      const sequence = log.lastSequence + 1;
      const record = log.append(Buffer.from(sequence + ':' + 'p'.repeat((sequence * 37) % 3000)));
      group.push(record.durable.then(() => say('log ' + record.sequence)));
    }
    await Promise.all(group);
  }
}`;
