import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {
  initialiseLedger,
  ledgerState,
  openStore,
  type LedgerLocation,
  type Store,
} from '../../source/store/open-store.ts';
import {btc} from '../../source/coins/btc.ts';
import {openConnection} from '../../source/store/sqlite/connection.ts';
import {MIGRATIONS, migrateFile} from '../../source/store/sqlite/migrate.ts';
import {composeStore, openFile} from '../../source/store/sqlite/open.ts';
import {newLedger} from '../support/new-ledger.ts';
import {until} from '../support/until.ts';

const NOW = 1_700_000_000_000;
let directory: string;
let file: string;
let location: LedgerLocation;
const opened: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledger-file-'));
  file = join(directory, 'btc.sqlite');
  location = {type: 'sqlite', path: join(directory, '{coin}.sqlite'), coin: 'btc'};
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async store => store.close()));
  rmSync(directory, {recursive: true, force: true});
});

const open = async (): Promise<Store> => {
  const store = await openStore(location);
  opened.push(store);
  return store;
};
const initialise = async () => initialiseLedger(location, newLedger());
const sql = <Row = unknown>(text: string): Row[] => {
  const sqlite = new Database(file);
  try {
    const statement = sqlite.prepare(text);
    if (statement.reader) return statement.all() as Row[];
    statement.run();
    return [];
  } finally {
    sqlite.close();
  }
};

describe('what can lie at the place of a ledger', () => {
  test('nothing: open names init, init makes it with its folder, readable by its owner only', async () => {
    location = {...location, path: join(directory, 'deep', 'er', '{coin}.sqlite')};
    expect(await ledgerState(location)).toBe('missing');
    await expect(open()).rejects.toMatchObject({
      code: 'not_initialised',
      message: expect.stringMatching(/btc\.sqlite: there is no ledger yet; run: cryptoassets-console init$/),
    });
    expect(await initialise()).toBe('created');
    expect(await ledgerState(location)).toBe('ready');
    expect(statSync(join(directory, 'deep', 'er', 'btc.sqlite')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'deep')).mode & 0o777).toBe(0o700);
    expect((await open()).identity).toMatchObject({coin: 'btc', network: 'regtest', startHeight: 0});
  });

  test('an empty file: open names init, init fills it', async () => {
    writeFileSync(file, '');
    expect(await ledgerState(location)).toBe('empty');
    await expect(open()).rejects.toMatchObject({code: 'not_initialised', message: expect.stringContaining('empty')});
    expect(await initialise()).toBe('created');
    await open();
  });

  test.each([
    ['before the first table', 'CREATE TABLE __drizzle_migrations (id, hash text NOT NULL, created_at numeric)'],
    ['before the identity', undefined],
  ])('an init killed %s: open names init, init finishes it', async (_when, table) => {
    if (table === undefined) migrateFile(file);
    else sql(table);
    expect(await ledgerState(location)).toBe('unfinished');
    await expect(open()).rejects.toMatchObject({
      code: 'not_initialised',
      message: expect.stringContaining('interrupted'),
    });
    expect(await initialise()).toBe('created');
    const store = await open();
    expect(await store.ladderTop()).toEqual({height: 0, hash: newLedger().start.hash});
    expect((await store.account('network_fee')).balance).toBe('0.00000000');
  });

  test('a database of another program: refused by both, and left as it was', async () => {
    sql('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
    const before = readFileSync(file);
    for (const refused of [open(), initialise(), ledgerState(location)])
      await expect(refused).rejects.toMatchObject({
        code: 'database_fault',
        message: expect.stringMatching(/another program, with tables such as orders/),
      });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test.each([
    ['text', Buffer.from('this is no database\n'.repeat(500))],
    ['a few bytes', Buffer.from('x')],
    ['zeros', Buffer.alloc(8192)],
  ])('%s: refused by both, and left as it was', async (_what, bytes) => {
    writeFileSync(file, bytes);
    for (const refused of [open(), initialise()])
      await expect(refused).rejects.toMatchObject({code: 'database_fault', message: expect.stringContaining(file)});
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test('nothing but the log of a ledger: refused, for init would throw away what the log holds', async () => {
    writeFileSync(file, '');
    writeFileSync(`${file}-wal`, Buffer.alloc(4096, 1));
    for (const refused of [open(), initialise()]) await expect(refused).rejects.toMatchObject({code: 'database_fault'});
    expect(statSync(`${file}-wal`).size).toBe(4096);
  });

  test('a directory: refused by both', async () => {
    mkdirSync(file);
    for (const refused of [open(), initialise()])
      await expect(refused).rejects.toMatchObject({code: 'database_fault', message: expect.stringContaining(file)});
  });

  test('a ledger that lost its end: said with the numbers, and not touched', async () => {
    await initialise();
    const {size} = statSync(file);
    truncateSync(file, size - 4096 * 3);
    for (const refused of [open(), initialise()])
      await expect(refused).rejects.toMatchObject({
        code: 'database_fault',
        message: `${file}: truncated, ${size - 4096 * 3} of ${size} bytes are there; restore it from a backup`,
      });
    expect(statSync(file).size).toBe(size - 4096 * 3);
  });

  test('a ledger of a newer version: refused by both', async () => {
    await initialise();
    sql('UPDATE __drizzle_migrations SET created_at = created_at + 1');
    for (const refused of [open(), initialise()])
      await expect(refused).rejects.toMatchObject({
        code: 'database_newer',
        message: expect.stringMatching(/written by a newer cryptoassets-console/),
      });
  });

  test("another coin's ledger: refused by both", async () => {
    await initialise();
    copyFileSync(file, join(directory, 'ltc.sqlite'));
    location = {...location, coin: 'ltc'};
    for (const refused of [open(), initialise()])
      await expect(refused).rejects.toMatchObject({
        code: 'wrong_ledger',
        message: expect.stringMatching(/coin btc, and not to ltc/),
      });
  });

  test('a folder that is a file: said', async () => {
    writeFileSync(join(directory, 'data'), '');
    location = {...location, path: join(directory, 'data', '{coin}.sqlite')};
    await expect(initialise()).rejects.toMatchObject({code: 'database_fault'});
    await expect(open()).rejects.toMatchObject({code: 'not_initialised'});
  });
});

describe('migrations', () => {
  test('every table is STRICT', async () => {
    await initialise();
    const tables = sql<{name: string; strict: number}>(
      "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    expect(tables.length).toBeGreaterThan(15);
    const loose = tables.filter(({strict}) => strict !== 1).map(({name}) => name);
    expect(loose).toEqual(['__drizzle_migrations']);
  });

  /** The migrations of this version and one more, as a later version would bring. */
  const withNext = (statements: readonly string[]): string => {
    const folder = join(directory, 'migrations');
    mkdirSync(join(folder, 'meta'), {recursive: true});
    const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
      entries: {idx: number; version: string; when: number; tag: string; breakpoints: boolean}[];
    };
    for (const {tag} of journal.entries) copyFileSync(join(MIGRATIONS, `${tag}.sql`), join(folder, `${tag}.sql`));
    const last = journal.entries.at(-1)!;
    journal.entries.push({...last, idx: last.idx + 1, when: last.when + 1, tag: 'next'});
    writeFileSync(join(folder, 'next.sql'), statements.join('\n--> statement-breakpoint\n'));
    writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify(journal));
    return folder;
  };
  /** How drizzle-kit changes a column: a new table in the place of the old one. Here of one with five children. */
  const REBUILD = [
    'PRAGMA foreign_keys=OFF;',
    'CREATE TABLE `__new_account` (`id` integer PRIMARY KEY NOT NULL, `name` text NOT NULL, `kind` text NOT NULL, `balance` integer NOT NULL, `frozen` text, `created_at` integer NOT NULL, `note` text) STRICT;',
    'INSERT INTO `__new_account` SELECT `id`, `name`, `kind`, `balance`, `frozen`, `created_at`, NULL FROM `account`;',
    'DROP TABLE `account`;',
    'ALTER TABLE `__new_account` RENAME TO `account`;',
    'PRAGMA foreign_keys=ON;',
    'CREATE UNIQUE INDEX `account_name_unique` ON `account` (`name`);',
  ];
  const populate = async () => {
    await initialise();
    const store = await openStore(location);
    await store.createAccount('alice', NOW);
    await store.addAddress({account: 'alice', address: 'a', scriptPubKey: Buffer.from('a'), label: 'kept'}, NOW);
    await store.close();
  };

  test('a populated ledger of an older version is brought along when it is opened, with every row', async () => {
    await populate();
    const store = openFile(file, 'btc', withNext(REBUILD));
    opened.push(store);
    expect((await store.addresses({limit: 10, account: 'alice'})).items).toMatchObject([{label: 'kept'}]);
    expect(sql('SELECT name FROM account')).toHaveLength(5);
    expect(sql("SELECT 1 FROM pragma_table_info('account') WHERE name = 'note'")).toHaveLength(1);
  });

  test('one that fails in the middle changes nothing', async () => {
    await populate();
    const schema = () => sql('SELECT sql FROM sqlite_master ORDER BY name');
    const before = schema();
    const folder = withNext([...REBUILD, 'INSERT INTO nowhere VALUES (1);']);
    expect(() => openFile(file, 'btc', folder)).toThrow(expect.objectContaining({code: 'database_fault'}));
    expect(schema()).toEqual(before);
    expect((await (await open()).account('alice')).name).toBe('alice');
  });

  test('one that leaves rows without their parents is not used', async () => {
    await populate();
    const folder = withNext(["DELETE FROM `account` WHERE `name` = 'alice';"]);
    expect(() => openFile(file, 'btc', folder)).toThrow(/1 rows point nowhere/);
  });

  test('two processes that start on an older ledger migrate it once', async () => {
    await populate();
    const folder = withNext(REBUILD);
    const script = `
      import {openFile} from ${JSON.stringify(join(import.meta.dirname, '../../source/store/sqlite/open.ts'))};
      await openFile(${JSON.stringify(file)}, 'btc', ${JSON.stringify(folder)}).close();`;
    const codes = await Promise.all(
      [1, 2].map(async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          stdio: 'inherit',
        });
        const [code] = (await once(child, 'exit')) as [number];
        return code;
      }),
    );
    expect(codes).toEqual([0, 0]);
    const migrations = readdirSync(folder).filter(name => name.endsWith('.sql'));
    expect(sql('SELECT * FROM __drizzle_migrations')).toHaveLength(migrations.length);
  });
});

describe('faults while it is open', () => {
  test('disk full: the write is refused by name and whole, reads and later writes go on', async () => {
    await initialise();
    const connection = openConnection(file, {mustExist: true});
    const {identity} = await open();
    const store = composeStore(connection, identity, btc);
    opened.push(store);
    const pages = Number(connection.sqlite.pragma('page_count', {simple: true}));
    connection.sqlite.pragma(`max_page_count = ${pages}`);
    const write = async (size: number) =>
      store.appendBackendEvent('backend.down', {backend: 'x'.repeat(size), since: ''}, NOW);
    const results = await Promise.allSettled([store.createAccount('alice', NOW), write(100_000)]);
    for (const result of results)
      expect(result).toMatchObject({
        status: 'rejected',
        reason: {code: 'database_fault', retry: 'backoff', message: expect.stringContaining('the disk is full')},
      });
    await expect(store.account('alice')).rejects.toMatchObject({code: 'unknown_account'});
    expect((await store.events(0, 10)).items).toEqual([]);
    expect(store.writeFault()).toMatchObject({code: 'database_fault'});
    connection.sqlite.pragma(`max_page_count = ${pages * 100}`);
    await write(100_000);
    expect((await store.events(0, 10)).items).toHaveLength(1);
    expect(store.writeFault()).toBeUndefined();
  });

  test('locked by another process: writes wait while everything else goes on, then go through', async () => {
    await initialise();
    const store = await open();
    const lock = await lockElsewhere();
    let isWritten = false;
    const written = store.createAccount('alice', NOW).then(() => (isWritten = true));
    // Turns of the event loop and reads: with SQLite's own waiting there would be none.
    for (let i = 0; i < 20; i++) {
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(await store.events(0, 1)).toEqual({items: [], next: null});
    }
    expect(isWritten).toBe(false);
    await lock.release();
    await written;
    expect((await store.account('alice')).name).toBe('alice');
  });

  test('locked by another process for long: refused by name, nothing lost, and later writes go through', async () => {
    await initialise();
    const store = await open();
    const lock = await lockElsewhere();
    const refused = [store.createAccount('alice', NOW), store.createAccount('bob', NOW)];
    for (const write of refused)
      await expect(write).rejects.toMatchObject({
        code: 'database_fault',
        retry: 'backoff',
        message: expect.stringContaining('locked by another process'),
      });
    await lock.release();
    expect(await store.createAccount('alice', NOW)).toMatchObject({created: true});
  });

  test('killed while it writes: everything that was answered is there, and no half of a turn', async () => {
    await initialise();
    const script = `
      import {openStore} from ${JSON.stringify(join(import.meta.dirname, '../../source/store/open-store.ts'))};
      const store = await openStore(${JSON.stringify(location)});
      for (let i = 0; ; i++) {
        await Promise.all([store.createAccount('a' + i, 1), store.createAccount('b' + i, 1)]);
        process.stdout.write(i + ' ');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('some writes', () => said.split(' ').length > 20, {every: 5});
    child.kill('SIGKILL');
    await once(child, 'close');
    const answered = said.trim().split(' ').length;
    expect(await ledgerState(location)).toBe('ready');
    const names = (await (await open()).accounts({limit: 1000})).items.map(account => account.name);
    expect(names.length).toBeGreaterThanOrEqual(2 * answered);
    // What one turn wrote is there as a whole or not at all.
    expect(names.length % 2).toBe(0);
  });

  test('damage is named with the file when it is met', async () => {
    await populateEvents(500);
    const store = await open();
    const bytes = readFileSync(file);
    for (let page = 40; page < bytes.length / 4096; page++) bytes.fill(0xaa, page * 4096, (page + 1) * 4096);
    writeFileSync(file, bytes);
    await expect(store.events(0, 1000)).rejects.toMatchObject({
      code: 'database_fault',
      message: `${file}: not a readable ledger; restore it from a backup`,
    });
  });

  const populateEvents = async (count: number) => {
    await initialise();
    const store = await openStore(location);
    const data = {backend: 'x'.repeat(1000), since: ''};
    await Promise.all(Array.from({length: count}, async () => store.appendBackendEvent('backend.down', data, NOW)));
    await store.close();
  };

  const lockElsewhere = async (): Promise<{release(): Promise<void>}> => {
    const script = `
      const sqlite = new (require('better-sqlite3'))(${JSON.stringify(file)});
      sqlite.exec('BEGIN EXCLUSIVE');
      process.stdout.write('locked');
      process.stdin.once('data', () => { sqlite.exec('COMMIT'); sqlite.close(); process.exit(); });`;
    const child = spawn(process.execPath, ['-e', script], {stdio: ['pipe', 'pipe', 'inherit']});
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('the lock', () => said === 'locked', {every: 5});
    return {
      release: async () => {
        child.stdin.write('go');
        await once(child, 'exit');
      },
    };
  };
});
