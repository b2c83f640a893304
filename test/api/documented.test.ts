import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {PROBLEM_STATUS, scope} from '../../source/contract/index.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/api.md'), 'utf8');

const sourcesIn = (folder: string): string =>
  readdirSync(join(root, 'source', folder), {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

test('docs/api.md lists every code that the API answers with, and its status', () => {
  const listed = [...page.matchAll(/^\| (\d{3}) +\| `([a-z_]+)` +\| (.+) \|$/gm)].map(([, status, code, words]) => ({
    code,
    status: Number(status),
    isExplained: words!.trim().length > 10,
  }));
  const known = [...Object.entries(PROBLEM_STATUS), ['internal', 500] as const].map(([code, status]) => ({
    code,
    status,
    isExplained: true,
  }));
  const byCode = (one: {code?: string | undefined}, other: {code?: string | undefined}) =>
    String(one.code).localeCompare(String(other.code));
  expect(listed.sort(byCode)).toEqual(known.sort(byCode));
});

/** Codes of faults that no request meets: at the start, in a loop, or of a verb that has no engine. */
const NEVER_ANSWERED = new Set([
  'api_unavailable',
  'bad_backend_answer',
  'bad_block_hash',
  'bad_config',
  'block_pruned',
  'database_newer',
  'engine_unreachable',
  'fenced',
  'internal',
  'loop_stalled',
  'sink_unreachable',
  'stale_facts',
  'wrong_chain',
  'wrong_ledger',
]);

test('every code that is thrown where requests go has a status', () => {
  const text = ['api', 'coins', 'engine', 'ledger', 'loops', 'outbox', 'payout', 'primitives', 'store'].map(sourcesIn);
  const thrown = new Set([...text.join('\n').matchAll(/EngineError\(\s*'([a-z_]+)'/g)].map(([, code]) => code!));
  expect(thrown.size).toBeGreaterThan(40);
  expect([...thrown].filter(code => !Object.hasOwn(PROBLEM_STATUS, code) && !NEVER_ANSWERED.has(code))).toEqual([]);
});

test('docs/api.md names every scope', () => {
  for (const one of scope.options) expect(page).toContain(`| \`${one}\``);
});
