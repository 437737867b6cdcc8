import { existsSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** The folder of the real data sets, which are not part of the repository: `TESSERA_DATA_DIR`, else `../shared/data`. */
function dataFolder(): string {
  return process.env['TESSERA_DATA_DIR'] ?? path.resolve(ROOT, '../shared/data');
}

/**
 * A suite over a real data file. Where the file is missing the suite is skipped and says so; under `CI=true` that is a failure, since nobody
 * would read the message there.
 */
export function describeWithDataFile(title: string, fileName: string, suite: (file: string) => void): void {
  const file = path.join(dataFolder(), fileName);
  if (existsSync(file)) {
    describe(title, () => suite(file));
    return;
  }
  const message = `${fileName} is not there; set TESSERA_DATA_DIR to the folder that holds it`;
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      it('finds its data', () => {
        throw new Error(message);
      });
    });
    return;
  }
  process.stderr.write(`\nSKIPPED: ${title}: ${message}\n`);
  describe.skip(`${title} (skipped: ${message})`, () => suite(file));
}
