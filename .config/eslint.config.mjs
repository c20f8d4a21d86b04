import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, globalIgnores } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { FEATURES, imports, isPure, TEST_FILES } from './architecture.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inProject = (path) => path.slice(root.length + 1).replaceAll('\\', '/');

const CLOCK = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Time comes in with the command, or from the injected Clock.',
  },
  { selector: "CallExpression[callee.name='Date']", message: 'Time comes in with the command, or from the injected Clock.' },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Time comes in with the command, or from the injected Clock.',
  },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Ids and chances derive from the command.' },
];
const DATE = [{ selector: ":not(TSTypeReference) > Identifier[name='Date']", message: 'Business dates come from the kernel.' }];
const FLOATS = [
  { selector: "MemberExpression[object.name='Number'][property.name='parseFloat']", message: 'Figures are decimals, never floats.' },
  { selector: "CallExpression[callee.name='parseFloat']", message: 'Figures are decimals, never floats.' },
];
const OUTSIDE = [
  ...['process', 'globalThis', 'global', 'Buffer', 'Intl', 'console', 'crypto', 'performance', 'fetch', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
].map((name) => ({ name, message: 'Pure files touch nothing outside their arguments.' }));
/** Where events, commands and states are told apart, a new kind must not slip into a `default`. */
const EVERY_CASE = ['error', { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true }];

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', 'data/', 'coverage/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,mjs}'],
    plugins: { house: { rules: { imports } } },
    rules: {
      'house/imports': 'error',
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-else-return': 'error',
      'no-param-reassign': 'error',
      'no-self-compare': 'error',
      'no-unreachable-loop': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      radix: 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.js', '.json'],
          extensionAlias: { '.js': ['.ts', '.js'] },
          tsconfig: { configFile: join(root, 'tsconfig.json') },
        }),
      ],
    },
    rules: {
      // Only cycles that exist at run time: type imports are erased. Between libs the arrows forbid both.
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      // In files with decorators this rule is silent: what Nest injects has to stay a value import.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: false, allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/require-await': 'off', // An async method may exist for its port's sake.
      '@typescript-eslint/return-await': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/unbound-method': ['error', { ignoreStatic: true }],
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@nestjs/cqrs',
              importNames: ['AggregateRoot', 'EventBus', 'EventPublisher', 'EventsHandler', 'Saga'],
              message: 'Events are delivered by the projector and process managers; an event bus in memory loses them in a crash.',
            },
            { name: '@nestjs/common', importNames: ['forwardRef'], message: 'It hides a circle.' },
          ],
        },
      ],
      'no-restricted-syntax': ['error', ...FLOATS],
    },
  },
  {
    files: FEATURES.map((lib) => `libs/${lib}/src/**/*.ts`),
    ignores: [(path) => TEST_FILES.test(path)],
    rules: { 'no-restricted-syntax': ['error', ...FLOATS, ...CLOCK] },
  },
  {
    files: [(path) => isPure(inProject(path))],
    linterOptions: { noInlineConfig: true },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': EVERY_CASE,
      'no-restricted-globals': ['error', ...OUTSIDE],
      'no-restricted-syntax': ['error', ...FLOATS, ...CLOCK, ...DATE],
    },
  },
  {
    files: ['libs/kernel/src/business-date.ts'],
    rules: { 'no-restricted-syntax': ['error', ...FLOATS, ...CLOCK] },
  },
  {
    files: ['libs/*/src/**/*.{projection,process}.ts'],
    rules: { '@typescript-eslint/switch-exhaustiveness-check': EVERY_CASE },
  },
  {
    files: ['libs/*/src/**/*.query.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' }, // Kysely's expression builders are made to be taken apart.
  },
  {
    files: [(path) => TEST_FILES.test(path), 'test/**/*.ts'],
    rules: {
      'no-unreachable-loop': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['apps/cli/**', 'test/bench/**'],
    rules: { 'no-console': 'off' },
  },
);
