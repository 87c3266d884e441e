/**
 * Lint, and with it the borders of DESIGN: what each room of the repository may import and do. Every border is listed once
 * in `borders`; checks/borders.test.ts plants a violation of each and sees the check fail.
 */
import { builtinModules } from 'node:module';
import { defineConfig, type OxlintConfig } from 'oxlint';
import { everyService } from './packages/events/src/registry.ts';

type Rules = NonNullable<OxlintConfig['rules']>;

/** What runs in production: in images, under `npm start`, and as the tools of `npm run`. */
const shipped = [
  'packages/*/src/**',
  'services/*/src/**',
  'operator/src/**',
  'tools/src/**',
  'generate/template/{src,producing}/**',
];

const pureServiceFiles = [
  ...Object.keys(everyService).map((name) => `services/${name}/src/${name}.ts`),
  'generate/template/{src,producing}/order-note.ts',
  'services/inventory/src/reservation.ts',
  'services/dashboard/src/step.ts',
];

/** Decisions: everything that they need is an argument. */
const pure = ['packages/events/src/**', 'operator/src/decide/**', ...pureServiceFiles];
const impureGlobals = [
  'process',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'crypto',
  'globalThis',
  'global',
];

const tests = ['**/*.test.ts', 'tests/**', '**/test/**'];

interface Banned {
  /** A regular expression over the import's specifier. */
  readonly regex: string;
  readonly message: string;
}

const kafkajs: Banned = {
  regex: '^kafkajs(/|$)',
  message: 'Only packages/kafka and operator/src/kafka speak to kafkajs.',
};
const mongodb: Banned = {
  regex: '^mongodb(/|$)',
  message: 'Only packages/mongo, repositories and the tools’ reader speak to mongodb.',
};
const promClient: Banned = {
  regex: '^prom-client(/|$)',
  message: 'Outside packages, metrics come from packages/runtime.',
};
const nodeHttp: Banned = {
  regex: '^(node:)?(http|https|http2)$',
  message: 'Only packages/http serves and sends HTTP.',
};
const otherService: Banned = {
  regex: '^@order-pipeline/([a-z-]+-service|consumer-scaler|tools)(/|$)',
  message: 'What ships imports no service, no tool and not the operator.',
};
const outside: Banned = {
  regex: '^(\\./)?(\\.\\./){2,}',
  message: 'What ships imports nothing from outside its own room by path.',
};
/** From a folder of operator/src, `../` is another of its folders. */
const outsideOperator: Banned = { ...outside, regex: '^(\\./)?(\\.\\./){3,}' };
const ours: Banned = { regex: '^@order-pipeline/', message: 'This package depends on nothing of ours.' };
const io: Banned = {
  regex: `^(node:|(${builtinModules.filter((name) => !/[_:]/.test(name)).join('|')})$)`,
  message: 'Pure files do no I/O.',
};
/** `process.env` has a rule of its own. */
const environment: Banned = { regex: '^(node:)?process$', message: 'Only config.ts reads the environment.' };
const testDoubles: Banned = {
  regex: '^\\.{1,2}/(.*/)?tests?/',
  message: 'Test doubles do not ship: images have no test folders.',
};

const every = [kafkajs, mongodb, promClient, nodeHttp, otherService, outside, environment, testDoubles];

/** An override replaces a rule's settings, so each room lists all that it must not import. */
const imports = (files: readonly string[], ...banned: readonly Banned[]) => ({
  files: [...files],
  rules: {
    'no-restricted-imports': ['error', { patterns: banned.map(({ regex, message }) => ({ regex, message })) }],
  } as Rules,
});
const except = (...allowed: readonly Banned[]) => every.filter((each) => !allowed.includes(each));

const noGlobals = (...names: readonly string[]): Rules['no-restricted-globals'] => [
  'error',
  ...names.map((name) => ({ name, message: 'Pure files get the time, randomness and the environment as arguments.' })),
];

const borders = [
  imports(shipped, ...every),
  imports(['packages/*/src/**'], ...except(promClient)),
  imports(['packages/resilience/src/**'], ...every, ours),
  imports(['packages/events/src/**'], ...every, ours, io),
  imports(['packages/kafka/src/**'], ...except(kafkajs, promClient)),
  imports(
    [
      'packages/mongo/src/**',
      '{services/*,generate/template}/src/*-repository.ts',
      'services/payment/src/gateway-ledger.ts',
    ],
    ...except(mongodb),
  ),
  imports(['packages/http/src/**'], ...except(nodeHttp)),
  // A client of the API server, with a certificate authority of its own, which fetch cannot be given.
  imports(['services/dashboard/src/consumer-scalers.ts'], ...except(nodeHttp)),
  imports(['operator/src/*/**'], ...except(outside), outsideOperator),
  imports(['operator/src/kafka/**'], ...except(kafkajs, outside), outsideOperator),
  imports(['operator/src/decide/**'], ...every, ours, io),
  imports(['tools/src/databases.ts'], ...except(mongodb)),
  imports(pureServiceFiles, ...every, io),
];

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'node', 'promise', 'jest'],
  categories: { correctness: 'error', suspicious: 'error' },
  env: { node: true, es2024: true },
  ignorePatterns: ['node_modules', 'dist', '.data'],
  rules: {
    eqeqeq: 'error',
    'no-console': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'no-shadow': 'off',
    'no-unmodified-loop-condition': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'typescript/consistent-return': 'off',
    'no-unused-vars': [
      'error',
      { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
    ],
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/extensions': 'off',
    'jest/no-focused-tests': 'error',
    'jest/no-disabled-tests': 'error',
    'jest/expect-expect': 'off',
    'jest/no-standalone-expect': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: false }],
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/no-unnecessary-type-assertion': 'off',
    'typescript/no-unnecessary-condition': 'off',
    'typescript/unbound-method': 'off',
  },
  overrides: [
    {
      files: shipped,
      rules: {
        'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
        'no-use-before-define': [
          'error',
          { functions: false, classes: false, variables: true, allowNamedExports: true },
        ],
        'node/no-process-env': 'error',
      },
    },
    { files: ['**/config.ts', 'tools/src/command-line.ts'], rules: { 'node/no-process-env': 'off' } },
    ...borders,
    {
      files: pure,
      rules: {
        'no-restricted-globals': noGlobals('Date', ...impureGlobals),
        'no-restricted-properties': [
          'error',
          { object: 'Math', property: 'random', message: 'Pure files get randomness as an argument.' },
        ],
        'oxc/no-async-await': 'error',
      },
    },
    {
      files: [
        'tools/**',
        'checks/**',
        'dev/**',
        'generate/**',
        'monitoring/**',
        'bench/**',
        'tests/**',
        'operator/sim/**',
      ],
      rules: { 'no-console': 'off' },
    },
    {
      files: ['packages/events/src/time.ts'],
      rules: { 'no-restricted-globals': noGlobals(...impureGlobals) },
    },
    {
      files: tests,
      rules: {
        'max-lines': 'off',
        'max-lines-per-function': 'off',
        'no-use-before-define': 'off',
        'node/no-process-env': 'off',
        'no-restricted-imports': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
        'oxc/no-async-await': 'off',
        'typescript/no-explicit-any': 'off',
      },
    },
  ],
});
