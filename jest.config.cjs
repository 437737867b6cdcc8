/** Type errors are found by `npm run check`; here speed counts, so swc only strips the types. */
const swcOptions = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

/** @type {import('jest').Config} */
module.exports = {
  roots: ['libs', 'apps', 'test'].map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/apps/console/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleNameMapper: { '^@tessera/([^/]+)$': '<rootDir>/libs/$1/src/index.ts' },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'node'],
  transform: { '^.+\\.ts$': ['@swc/jest', swcOptions] },
  testEnvironment: '<rootDir>/test/support/node-environment.cjs',
  setupFiles: ['reflect-metadata'],
  // A test takes seconds; this is for machines with much else to do.
  testTimeout: 300_000,
  // Many suites wait for servers: one more than the two cores of a small machine.
  maxWorkers: 3,
};
