// Type-aware lint. Layers, drivers and cycles are the business of .dependency-cruiser.cjs; layout that of Prettier.
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts', 'test/**/*.ts'];
const COMMAND_LINE = ['apps/*/src/cli/**/*.ts', 'test/bench/**/*.ts', 'scripts/**/*', '.ci/**/*'];
// Typed-array loops: noUncheckedIndexedAccess makes every `array[i]` possibly undefined, and a check per element costs.
const NUMERIC_LIBS = [
  'libs/embedded-engine/**/*.ts',
  'libs/bitmap/**/*.ts',
  'libs/identity/**/*.ts',
  'libs/online-profile/**/*.ts',
  'libs/data-directory/**/*.ts',
];
// Decorator metadata and Nest's injector need these imports as values, even where TypeScript sees only a type.
const NEST_FILES = [
  'module',
  'controller',
  'dto',
  'filter',
  'guard',
  'interceptor',
  'pipe',
  'middleware',
  'decorator',
].map((kind) => `**/*.${kind}.ts`);

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'data/', 'coverage/', 'apps/console/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Getters implement the read-only members of ports.
      '@typescript-eslint/class-literal-property-style': 'off',
      // An index signature names its key, a Record doesn't.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/consistent-type-assertions': [
        'error',
        { assertionStyle: 'as', objectLiteralTypeAssertions: 'never' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/max-params': ['error', { max: 6 }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A method of a port returns a promise whether or not this adapter has anything to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        {
          allowDefaultCaseForExhaustiveSwitch: true,
          considerDefaultExhaustiveForUnions: true,
          requireDefaultForNonUnion: false,
        },
      ],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'TSAsExpression > TSAsExpression > TSUnknownKeyword',
          message: '`as unknown as T` switches the type checker off: parse the value into T instead.',
        },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
    },
  },
  {
    rules: {
      eqeqeq: 'error',
      'no-bitwise': 'off',
      'no-console': 'error',
    },
  },
  {
    files: NUMERIC_LIBS,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  { files: NEST_FILES, rules: { '@typescript-eslint/consistent-type-imports': 'off' } },
  {
    files: SPECS,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Answers of supertest and JSON.parse are `any`; the expectations are their check.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: COMMAND_LINE, rules: { 'no-console': 'off' } },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'console',
          'fetch',
          'setTimeout',
          'clearTimeout',
          'globalThis',
          'module',
          'process',
          'require',
          '__dirname',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  prettier,
);
