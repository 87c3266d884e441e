/** `npm run lint:unused`: files, exports and dependencies that nothing uses (https://knip.dev). */
import type { KnipConfig } from 'knip';

const scripts = [
  'bench/run.ts',
  'bench/{floor,floor-run,floor-stage}.ts',
  'dev/{start,kind}.ts',
  'dev/**/*.mjs',
  'generate/{generate,new-service}.ts',
  'generate/template/**/*.ts',
  'tests/run.ts',
  'tests/cluster/{run,jest.config}.{ts,mjs}',
  'tests/cluster/scaler/operator-with-fake-kafka.ts',
  'tests/faults/run.ts',
  'tests/faults/mutants/run.ts',
  'tests/**/*.mjs',
  'tests/support/member-process.ts',
  'tests/tools/document-types.ts',
];

export default {
  // Not `ignoreExportsUsedInFile`: an export that only its own file uses is none.
  workspaces: {
    '.': { entry: scripts, project: ['{bench,checks,dev,generate,monitoring,tests}/**/*.{ts,mjs}'] },
    'packages/*': {},
    'services/*': { entry: ['src/main.ts'] },
    'services/dashboard': {
      entry: ['src/main.ts', 'web/src/main.tsx', 'web/vite.config.ts'],
      project: ['src/**/*.ts', 'web/src/**/*.{ts,tsx}'],
    },
    operator: { entry: ['src/main.ts'] },
    tools: { entry: ['src/{audit,dlq,load,order,watch}.ts'] },
  },
  ignoreBinaries: ['kubectl'],
  // Started by path, or resolved at run time.
  ignoreDependencies: ['jest', '@asyncapi/specs', 'mongodb-memory-server-core'],
} satisfies KnipConfig;
