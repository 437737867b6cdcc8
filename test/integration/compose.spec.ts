import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SETTINGS } from '@tessera/platform';
import type { Setting } from '@tessera/platform';
import { MIGRATE } from '../../apps/ingest-worker/src/cli/migrate-config';
import { INGEST_WORKER } from '../../apps/ingest-worker/src/config';
import { MAPPING_WORKER } from '../../apps/mapping-worker/src/config';
import { SEGMENTATION_API } from '../../apps/segmentation-api/src/config';

const ROOT = path.join(__dirname, '..', '..');
const FILE = path.join(ROOT, 'docker', 'compose.yaml');

/** Service → what it is told, and the program that is told. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>> = {
  tessera: SETTINGS,
  'segmentation-api': { ...SEGMENTATION_API.settings },
  'mapping-worker': { ...MAPPING_WORKER.settings },
  'ingest-worker': { ...INGEST_WORKER.settings },
  'starrocks-tables': { ...MIGRATE.settings },
};

/** Name → lines, of the services of the file; each begins at two blanks. */
function readServices(): Map<string, string[]> {
  const services = new Map<string, string[]>();
  const [, body = ''] = /\nservices:\n([^]*?)\nvolumes:\n/.exec(readFileSync(FILE, 'utf8')) ?? [];
  let lines: string[] = [];
  for (const line of body.split('\n')) {
    const [, name] = /^ {2}([a-z-]+):$/.exec(line) ?? [];
    if (name === undefined) lines.push(line);
    else services.set(name, (lines = []));
  }
  return services;
}

describe('docker/compose.yaml', () => {
  const services = readServices();

  it('has the four programs, what makes the tables, and what they need', () => {
    expect([...services.keys()]).toEqual([...Object.keys(PROGRAMS), 'starrocks', 'redis', 'mariadb', 'kafka']);
  });

  it.each(Object.keys(PROGRAMS))('tells %s only what it can be told', (name) => {
    const settings = new Map(Object.values(PROGRAMS[name] ?? {}).map((one) => [one.variable, one]));
    const told = (services.get(name) ?? []).flatMap((line) => {
      const [, variable, value = ''] = /^ {6}([A-Z_]+): '?([^']*)'?$/.exec(line) ?? [];
      return variable === undefined ? [] : [[variable, value] as const];
    });
    expect(told.length).toBeGreaterThan(0);
    for (const [variable, value] of told) {
      expect([...settings.keys()]).toContain(variable);
      if (!value.startsWith('${')) expect(settings.get(variable)?.parse(value)).toMatchObject({ ok: true });
    }
  });

  it('starts programs that there are, and knows when the others are ready', () => {
    for (const [name, lines] of services) {
      const [, program] = /entrypoint: \[.*dist\/(.*)\.js\]/.exec(lines.join('\n')) ?? [];
      if (program !== undefined) expect([name, existsSync(path.join(ROOT, `${program}.ts`))]).toEqual([name, true]);
      if (!(name in PROGRAMS))
        expect([name, lines.some((line) => line.startsWith('    healthcheck:'))]).toEqual([name, true]);
    }
  });
});
