import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Each rule of .dependency-cruiser.cjs → the files that break it; every file planted must be reported by that rule. */
const VIOLATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'layer-0-tag-catalog': { 'libs/tag-catalog/src/planted-up.ts': "export type { A } from '@tessera/audience';" },
  'layer-0-audience': { 'libs/audience/src/planted-platform.ts': "export { a } from '@tessera/platform';" },
  'layer-1': {
    'libs/bitmap/src/planted-sideways.ts': "export { a } from '@tessera/data-directory';",
    'libs/redis/src/planted-up.ts': "export type { A } from '@tessera/online-profile';",
    'libs/platform/src/planted-up.ts': "export { a } from '@tessera/http-api';",
  },
  'layer-2': {
    'libs/identity/src/planted-sideways.ts': "export { a } from '@tessera/embedded-engine';",
    'libs/catalog-store/src/planted-up.ts': "export type { A } from '@tessera/ingest';",
  },
  'layer-3': {
    'libs/http-api/src/planted-adapter.ts': "export { a } from '@tessera/identity';",
    'libs/ingest/src/planted-driver-lib.ts': "export { a } from '@tessera/bitmap';",
    'libs/ingest/src/planted-sideways.ts': "export { a } from '@tessera/http-api';",
  },
  'every-lib-has-a-layer': { 'libs/stray/src/index.ts': 'export const a = 1;' },
  'layer-0-no-node': {
    'libs/audience/src/planted-node.ts': "export { createHash } from 'node:crypto';",
    'libs/tag-catalog/src/planted-node-bare.ts': "export { join } from 'path';",
  },
  'layer-0-packages': { 'libs/tag-catalog/src/planted-package.ts': "import 'rxjs';" },
  'libs-import-no-app': { 'libs/ingest/src/planted-app.ts': "import '../../../apps/standalone/src/main';" },
  'production-imports-no-test': { 'apps/standalone/src/planted-test.ts': "import '../../../test/support/clock';" },
  'apps-import-no-app': { 'apps/other/src/planted-app.ts': "import '../../standalone/src/main';" },
  'driver-roaring': { 'libs/embedded-engine/src/planted-roaring.ts': "import 'roaring';" },
  'driver-lmdb': { 'apps/standalone/src/planted-lmdb.ts': "import 'lmdb';" },
  'driver-kafkajs': { 'libs/ingest/src/planted-kafkajs.ts': "import 'kafkajs';" },
  'driver-ioredis': { 'libs/audience-store/src/planted-ioredis.ts': "import 'ioredis';" },
  'driver-mysql2': { 'libs/catalog-store/src/planted-mysql2.ts': "import 'mysql2/promise';" },
  'duckdb-in-test-only': { 'libs/offline-import/src/planted-duckdb.ts': "import '@duckdb/node-api';" },
  'nest-at-the-edge': {
    'libs/identity/src/planted-nest.ts': "import '@nestjs/common';",
    'libs/http-api/src/planted-service.ts': "import '@nestjs/common';",
    'libs/ingest/src/planted.guard.ts': "import '@nestjs/common';",
  },
  'no-circular': { 'libs/identity/src/planted-cycle.ts': "import './the-other-half';" },
  'no-junk-drawer': {
    'libs/identity/src/utils/planted.ts': 'export const a = 1;',
    'apps/standalone/src/common/planted.ts': 'export const a = 1;',
  },
  'libs-through-their-index': {
    'libs/identity/src/planted-deep.ts': "import '../../bitmap/src/inner';",
  },
  'apps-and-tests-use-the-index': {
    'apps/standalone/src/planted-deep.ts': "import '../../../libs/bitmap/src/inner';",
    'test/bench/planted-deep.ts': "import '../../libs/bitmap/src/inner';",
  },
  'no-dev-package-in-production': { 'libs/platform/src/planted-dev.ts': "import 'jest';" },
  'no-unresolvable': { 'libs/platform/src/planted-nowhere.ts': "import './nowhere';" },
};

/** The other half of the planted cycle: a cycle is reported once, at its first file. */
const CYCLE_PARTNER = { 'libs/identity/src/the-other-half.ts': "import './planted-cycle';" };

const LIBS = [
  ...[
    'tag-catalog',
    'audience',
    'platform',
    'kafka',
    'mysql',
    'redis',
    'bitmap',
    'data-directory',
    'identity',
    'embedded-engine',
  ],
  ...['starrocks-engine', 'catalog-store', 'online-profile', 'audience-store', 'offline-import', 'http-api', 'ingest'],
];

/** A small tree of the same shape as ours, using every permission the layers give. */
const CLEAN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    LIBS.map((lib) => [`libs/${lib}/src/index.ts`, 'export type A = number;\nexport const a = 1;']),
  ),
  'libs/audience/src/pure.ts':
    "import 'luxon';\nimport 're2js';\nimport '@noble/hashes/sha2';\nimport '@tessera/tag-catalog';",
  'libs/audience/src/pure.spec.ts': "import 'node:fs';\nimport 'jest';",
  'libs/bitmap/src/inner.ts': "import 'roaring';\nimport '@tessera/platform';\nimport '@tessera/tag-catalog';",
  'libs/data-directory/src/store.ts': "import 'lmdb';\nimport 'node:fs';",
  'libs/kafka/src/consumer.ts': "import 'kafkajs';",
  'libs/mysql/src/pool.ts': "import 'mysql2/promise';",
  'libs/redis/src/connection.ts': "import 'ioredis';",
  'libs/identity/src/redis.ts': "import 'ioredis';\nimport '@tessera/mysql';\nimport '@tessera/data-directory';",
  'libs/embedded-engine/src/evaluate.ts': "import '@tessera/bitmap';\nimport '@tessera/audience';",
  'libs/catalog-store/src/catalog-store.module.ts': "import '@nestjs/common';\nimport './redis-free';",
  'libs/catalog-store/src/redis-free.ts': 'export {};',
  'libs/platform/src/logger.ts': "import '@nestjs/common';\nimport 'nestjs-pino';",
  'libs/http-api/src/key.guard.ts':
    "import '@nestjs/common';\nimport '@tessera/audience';\nimport '@tessera/platform';",
  'libs/http-api/src/count.controller.ts': "import '@nestjs/common';",
  'apps/standalone/src/main.ts':
    "import '@nestjs/core';\nimport '@tessera/http-api';\nimport '@tessera/embedded-engine';",
  'test/support/clock.ts': "import '@duckdb/node-api';\nimport 'roaring';\nimport '@tessera/bitmap';",
};

const DEPENDENCIES = [
  ...['luxon', 're2js', '@noble/hashes', 'roaring', 'lmdb', 'kafkajs', 'ioredis', 'mysql2', 'rxjs'],
  ...['@nestjs/common', '@nestjs/core', 'nestjs-pino'],
];
const DEV_DEPENDENCIES = ['jest', '@duckdb/node-api'];
const ENTRY_FILES: Readonly<Record<string, string>> = { '@noble/hashes': 'sha2.js', mysql2: 'promise.js' };

const REPOSITORY = path.resolve(__dirname, '../..');
const CRUISER = path.join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

function plantRepository(root: string): void {
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json'])
    cpSync(path.join(REPOSITORY, file), path.join(root, file));
  const installed = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, '1.0.0']));
  write(root, {
    ...CLEAN,
    'package.json': JSON.stringify({
      name: 'fixture',
      dependencies: installed(DEPENDENCIES),
      devDependencies: installed(DEV_DEPENDENCIES),
    }),
  });
  for (const name of [...DEPENDENCIES, ...DEV_DEPENDENCIES]) {
    const entryFile = ENTRY_FILES[name] ?? 'index.js';
    write(path.join(root, 'node_modules', name), {
      'package.json': JSON.stringify({ name, version: '1.0.0', main: entryFile }),
      [entryFile]: 'module.exports = {};',
    });
  }
}

function cruise(root: string): readonly Violation[] {
  const output = execFileSync(
    process.execPath,
    [CRUISER, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs', 'test'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(output).summary.violations;
}

describe('dependency rules', () => {
  let root: string;

  beforeAll(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'dependency-rules-')));
    plantRepository(root);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('accept a tree that uses every permission they give', () => {
    expect(cruise(root)).toEqual([]);
  });

  describe('with every violation planted', () => {
    let reported: ReadonlySet<string>;

    beforeAll(() => {
      for (const files of [...Object.values(VIOLATIONS), CYCLE_PARTNER]) write(root, files);
      reported = new Set(cruise(root).map((violation) => `${violation.rule.name} ${violation.from}`));
    });

    it.each(Object.entries(VIOLATIONS))('%s is reported', (rule, files) => {
      expect([...reported]).toEqual(expect.arrayContaining(Object.keys(files).map((file) => `${rule} ${file}`)));
    });
  });

  it('each have a violation planted here', () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the configuration is CommonJS, without types
    const configuration = require('../../.dependency-cruiser.cjs');
    const names = configuration.forbidden.map((rule: { name: string }) => rule.name);
    expect(Object.keys(VIOLATIONS).sort()).toEqual(names.sort());
  });
});
