// Generates the next migration from the schema and makes its tables STRICT, which drizzle-kit cannot say.
import {execFileSync} from 'node:child_process';
import {readFileSync, readdirSync, writeFileSync} from 'node:fs';

execFileSync('drizzle-kit', ['generate', ...process.argv.slice(2)], {stdio: 'inherit'});
const folder = 'drizzle/sqlite';
for (const name of readdirSync(folder).filter(file => file.endsWith('.sql'))) {
  const path = `${folder}/${name}`;
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^\);$/gm, ') STRICT;'));
}
