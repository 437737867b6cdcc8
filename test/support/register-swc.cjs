// `node -r ./test/support/register-swc.cjs some.ts` runs TypeScript straight from the tree, for child processes of specs.
// It resolves @tessera/* as tsconfig.json does. Types are stripped, not checked.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const ROOT = join(__dirname, '..', '..');
const ALIAS = /^@tessera\/([^/]+)$/;

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const lib = ALIAS.exec(request)?.[1];
  const path = lib === undefined ? request : join(ROOT, 'libs', lib, 'src', 'index.ts');
  return resolveFilename.call(this, path, ...rest);
};

require.extensions['.ts'] = function (module, filename) {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    configFile: false,
    swcrc: false,
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};

process.setSourceMapsEnabled(true);
