/**
 * The layers of docs/architecture.md, enforced by `npm run check:layers`. A lib may import only from the layers its row
 * names. test/layers/dependency-rules.spec.ts plants one violation of every rule and sees it reported.
 */
const LAYERS = {
  0: ['tag-catalog', 'audience'],
  1: ['platform', 'kafka', 'mysql', 'redis', 'bitmap', 'data-directory'],
  2: [
    'identity',
    'embedded-engine',
    'starrocks-engine',
    'catalog-store',
    'online-profile',
    'audience-store',
    'offline-import',
  ],
  3: ['http-api', 'ingest'],
};

/** Driver package → the only libs that import it. Suites in test/ may, to look at what was stored. */
const DRIVER_OWNERS = {
  roaring: ['bitmap'],
  lmdb: ['data-directory'],
  kafkajs: ['kafka'],
  ioredis: ['redis', 'identity', 'online-profile'],
  mysql2: ['mysql', 'starrocks-engine'],
};

const PURE_PACKAGES = ['luxon', 're2js', '@noble/hashes'];
const NEST_KINDS_OF_HTTP_API = ['filter', 'guard', 'interceptor', 'pipe', 'middleware', 'decorator'];

const anyOf = (names) => `(?:${names.join('|')})`;
const libs = (names) => `^libs/${anyOf(names)}/`;
// A package stands under node_modules/, or bare when it is not installed.
const packages = (names) => `(?:^|node_modules/)${anyOf(names)}(?:/|$)`;
const PACKAGE_TYPES = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];
// dependency-cruiser can't forbid a path as such; "fewer than one importer among none" holds for every file.
const NOBODY = { path: '^$' };
const SPEC = '\\.spec\\.ts$';
const ALL_LIBS = Object.values(LAYERS).flat();

/** `$1` is the importing lib itself: imports inside one lib are its own affair. */
const layerRule = (name, comment, importers, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^libs/(${importers.join('|')})/` },
  to: { path: '^libs/', pathNot: ['^libs/$1/', ...(allowed.length > 0 ? [libs(allowed)] : [])] },
});

const driverRule = ([driver, owners]) => ({
  name: `driver-${driver}`,
  comment: `Only ${owners.join(', ')} may know the package ${driver}; everyone else speaks to their ports.`,
  severity: 'error',
  from: { path: '^(?:apps|libs)/', pathNot: libs(owners) },
  to: { path: packages([driver]) },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    layerRule('layer-0-tag-catalog', 'tag-catalog is the bottom: it imports no other lib.', ['tag-catalog'], []),
    layerRule('layer-0-audience', 'audience imports tag-catalog only.', ['audience'], ['tag-catalog']),
    layerRule('layer-1', 'Layer 1 imports layer 0 and platform.', LAYERS[1], [...LAYERS[0], 'platform']),
    layerRule('layer-2', 'Layer 2 imports layers 0 and 1, never another lib of layer 2.', LAYERS[2], [
      ...LAYERS[0],
      ...LAYERS[1],
    ]),
    layerRule('layer-3', 'Layer 3 speaks to ports: it imports layer 0 and platform, no adapter.', LAYERS[3], [
      ...LAYERS[0],
      'platform',
    ]),
    {
      name: 'every-lib-has-a-layer',
      comment: 'A new lib is placed in LAYERS in .dependency-cruiser.cjs.',
      severity: 'error',
      from: NOBODY,
      module: { path: '^libs/', pathNot: libs(ALL_LIBS), numberOfDependentsLessThan: 1 },
    },
    {
      name: 'layer-0-no-node',
      comment: 'Layer 0 also runs in the browser.',
      severity: 'error',
      from: { path: libs(LAYERS[0]), pathNot: SPEC },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'layer-0-packages',
      comment: `Layer 0 is pure TypeScript; beside itself it knows only ${PURE_PACKAGES.join(', ')}.`,
      severity: 'error',
      from: { path: libs(LAYERS[0]), pathNot: SPEC },
      to: { dependencyTypes: PACKAGE_TYPES, pathNot: packages(PURE_PACKAGES) },
    },
    {
      name: 'libs-import-no-app',
      comment: 'Apps choose and wire libs, never the reverse.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'production-imports-no-test',
      comment: 'test/ is not shipped, and neither are specs.',
      severity: 'error',
      from: { path: '^(?:apps|libs)/', pathNot: SPEC },
      to: { path: '^test/' },
    },
    {
      name: 'apps-import-no-app',
      comment: 'What two apps need is a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    ...Object.entries(DRIVER_OWNERS).map(driverRule),
    {
      name: 'duckdb-in-test-only',
      comment: 'DuckDB is a peer and a stand-in for tests, never part of the service.',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: packages(['@duckdb']) },
    },
    {
      name: 'nest-at-the-edge',
      comment: 'Nest stays in modules, controllers and DTOs; everything else takes plain constructor arguments.',
      severity: 'error',
      from: {
        path: '^libs/',
        pathNot: [
          '^libs/platform/',
          '\\.(?:module|controller|dto)\\.ts$',
          `^libs/http-api/.*\\.${anyOf(NEST_KINDS_OF_HTTP_API)}\\.ts$`,
          SPEC,
        ],
      },
      to: { path: packages(['@nestjs', 'nestjs-pino']) },
    },
    {
      name: 'no-circular',
      comment: 'A cycle means that the boundary between its files is in the wrong place.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-junk-drawer',
      comment: 'A folder is named after what it is about.',
      severity: 'error',
      from: NOBODY,
      module: {
        path: '^(?:apps|libs|test)/(?:.*/)?(?:common|shared|utils|core)/',
        numberOfDependentsLessThan: 1,
      },
    },
    {
      name: 'libs-through-their-index',
      comment: "What libs/x/src/index.ts does not export is x's own affair.",
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'apps-and-tests-use-the-index',
      comment: "What libs/x/src/index.ts does not export is x's own affair.",
      severity: 'error',
      from: { path: '^(?:apps|test|scripts)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'no-dev-package-in-production',
      comment: 'A package needed at run time belongs in dependencies.',
      severity: 'error',
      from: { path: '^(?:apps|libs)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^apps/console/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'require', 'node', 'default'],
      mainFields: ['main', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json', '.node', '.d.ts'],
    },
  },
};
