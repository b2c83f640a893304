// The architecture as a lint rule: writes .oxlintrc.json from the table below; `--check` fails when it is stale.
import {readFileSync, writeFileSync} from 'node:fs';

const PURE = ['primitives', 'coins', 'contract'];
/** folder -> folders it may import besides itself. `cli.tsx`, `compose.ts`, `compose-backend.ts`, `compose-wallet.ts` and `index.ts` may import everything. */
const MAY_IMPORT = {
  primitives: [],
  coins: ['primitives'],
  contract: ['primitives', 'coins'],
  // What a wallet's addresses come from. Read by the config, which refuses a bad one, and by whoever derives or signs.
  descriptors: ['primitives', 'coins'],
  config: [...PURE, 'descriptors'],
  chain: [...PURE],
  ledger: [...PURE, 'chain'],
  payout: [...PURE, 'chain', 'ledger'],
  outbox: [...PURE, 'chain', 'ledger', 'payout'],
  backends: [...PURE, 'config', 'chain', 'payout'],
  wallets: [...PURE, 'descriptors', 'config', 'chain', 'payout'],
  signers: [...PURE, 'descriptors', 'config', 'chain', 'payout', 'backends', 'wallets'],
  sinks: [...PURE, 'config', 'outbox'],
  store: [...PURE, 'chain', 'ledger', 'payout', 'outbox'],
  loops: [...PURE, 'chain', 'ledger', 'payout', 'outbox', 'store'],
  engine: [...PURE, 'config', 'chain', 'ledger', 'payout', 'outbox', 'store', 'loops'],
  api: [...PURE, 'config', 'engine'],
  // What applications import: types of the Application, the HTTP client, and nothing that makes it heavy.
  client: [...PURE, 'config', 'engine', 'api'],
  commands: [...PURE, 'config', 'engine', 'api'],
  console: [...PURE, 'config', 'engine', 'api'],
  demo: [...PURE, 'config', 'engine', 'api', 'commands'],
};
const folders = Object.keys(MAY_IMPORT);
const restrict = (folder, allowed) => {
  const forbidden = folders.filter(other => other !== folder && !allowed.includes(other));
  const patterns = forbidden.map(other => ({
    group: [`**/${other}/**`],
    message: `${folder}/ may not import ${other}/ (see tools/import-table.mjs)`,
  }));
  patterns.push({
    group: ['**/compose.ts', '**/compose-backend.ts', '**/compose-wallet.ts', '**/cli.tsx'],
    message: 'only the composition root and its entry may',
  });
  // Only these three may name SQLite or drizzle's dialects; engine/, api/ and console/ see types of engine/application.ts.
  if (folder !== 'store')
    patterns.push({
      group: ['drizzle-orm', 'drizzle-orm/**', 'better-sqlite3'],
      message: 'only store/ knows the database',
    });
  if (['api', 'client', 'commands', 'console', 'demo'].includes(folder))
    patterns.push({
      group: ['**/engine/!(application|application.ts)'],
      message: `${folder}/ sees the Application type only`,
    });
  return {files: [`source/${folder}/**`], rules: {'no-restricted-imports': ['error', {patterns}]}};
};

const config = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['typescript', 'import', 'unicorn', 'react', 'promise', 'oxc'],
  categories: {correctness: 'error', suspicious: 'error', perf: 'error'},
  options: {typeAware: true},
  rules: {
    'import/no-cycle': 'error',
    'import/no-unassigned-import': 'off',
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    'no-underscore-dangle': 'off',
    'react/react-in-jsx-scope': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/require-post-message-target-origin': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'no-empty': ['error', {allowEmptyCatch: false}],
    'no-console': 'error',
  },
  overrides: [
    ...folders.map(folder => restrict(folder, MAY_IMPORT[folder])),
    {files: ['tools/**', 'test/**', 'examples/**'], rules: {'no-console': 'off'}},
  ],
  ignorePatterns: ['dist', 'node_modules', '/demo'],
};
const wanted = `${JSON.stringify(config, null, 2)}\n`;
const path = '.oxlintrc.json';
if (process.argv.includes('--check')) {
  let found = '';
  try {
    found = readFileSync(path, 'utf8');
  } catch {
    // A missing file is a stale one.
  }
  if (found !== wanted) {
    console.error('.oxlintrc.json differs from tools/import-table.mjs: run node tools/import-table.mjs');
    process.exit(1);
  }
} else writeFileSync(path, wanted);
