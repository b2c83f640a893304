import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, test} from 'vitest';
import {eventType} from '../../source/contract/index.ts';
import {systemPython} from '../support/system-program.ts';

const folder = fileURLToPath(new URL('../../integrations/django/', import.meta.url));
const python = systemPython('django', 'python3-django');

test('there is a signal for every type of event, and for no other', () => {
  const text = readFileSync(`${folder}cryptoassets_django/signals.py`, 'utf8');
  const types = [...text.matchAll(/^ {4}"([a-z_.]+)": ([a-z_]+),$/gm)];
  expect(new Set(types.map(([, type]) => type))).toEqual(new Set(eventType.options));
  for (const [, type, name] of types) {
    expect(name).toBe(type!.replace('.', '_'));
    expect(text).toContain(`\n${name} = Signal()\n`);
  }
});

describe.skipIf(python === undefined)('the Django app', () => {
  test('its own tests pass', () => {
    const result = spawnSync(
      python!,
      ['-B', '-W', 'error::ResourceWarning', '-m', 'unittest', 'discover', '-s', 'tests'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    expect(result.stderr).toMatch(/^Ran \d{2,} tests/m);
    expect(result.status, result.stderr).toBe(0);
  });
});
