import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import {expect, test} from 'vitest';
import {auditBooks} from '../../source/store/sqlite/audit-books.ts';
import {runningTotal, summedTotal} from '../../source/store/sqlite/check-books.ts';
import {openConnection} from '../../source/store/sqlite/connection.ts';
import {MIGRATIONS, migrateFile} from '../../source/store/sqlite/migrate.ts';
import {createTestLedger} from '../support/ledger.ts';

const AMOUNTS = [1n, 20n, 300n, 4000n, 50_000n];

const column = fc.constantFrom('height', 'spent_height', 'spent_by');
const step = fc.record({
  vout: fc.nat(5),
  action: fc.constantFrom('add', 'change', 'amend', 'remove', 'refuse'),
  column,
  isNull: fc.boolean(),
  amount: fc.constantFrom(...AMOUNTS),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

test('the running totals are the full sums, whatever happens to outputs', () => {
  const ledger = createTestLedger();
  const {orm, sqlite} = ledger.connection;
  const addressId = ledger.addAddress('a', Buffer.from('a'), ledger.addAccount('alice'));
  const apply = ({vout, action, column: name, isNull, amount}: Step) => {
    const value = isNull ? null : name === 'spent_by' ? 'f'.repeat(64) : 7;
    if (action === 'add')
      ledger.run(
        `INSERT INTO output (txid, vout, address_id, amount, purpose, coinbase, ${name})
         VALUES ('t', ${vout}, ${addressId}, ${amount}, 'deposit', 0, ?) ON CONFLICT (txid, vout) DO NOTHING`,
        value,
      );
    else if (action === 'remove') ledger.run('DELETE FROM output WHERE vout = ?', vout);
    else if (action === 'change') ledger.run(`UPDATE output SET ${name} = ? WHERE vout >= ?`, value, vout);
    else if (action === 'amend') ledger.run('UPDATE output SET amount = ? WHERE vout = ?', amount, vout);
    else {
      sqlite.exec('SAVEPOINT refused');
      ledger.run(`UPDATE output SET ${name} = ?`, value);
      sqlite.exec('ROLLBACK TO refused; RELEASE refused');
    }
  };
  try {
    fc.assert(
      fc.property(fc.array(step, {minLength: 5, maxLength: 60}), steps => {
        ledger.run('DELETE FROM output');
        for (const one of steps) {
          apply(one);
          expect(runningTotal(orm)).toEqual(summedTotal(orm));
        }
      }),
    );
  } finally {
    ledger.close();
  }
});

test('check tells of a running total that is not the sum', () => {
  const ledger = createTestLedger();
  try {
    expect(auditBooks(ledger.connection.orm, 1).faults).toEqual([]);
    ledger.run('UPDATE output_total SET unspent = 5, outpoints = 1');
    expect(auditBooks(ledger.connection.orm, 1).faults).toEqual([
      'the running total of unspent outputs says 0.00000005, they sum to 0.00000000',
      'the running total says 1 unspent outputs, there are 0',
    ]);
  } finally {
    ledger.close();
  }
});

test('a ledger from before the totals gets them of the outputs it has', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-totals-'));
  try {
    const file = join(directory, 'old.sqlite');
    migrateFile(file, migrationsBefore('output_totals', join(directory, 'migrations')));
    const old = new Database(file);
    old.exec(`INSERT INTO address (id, address, script, purpose, created_at) VALUES (1, 'a', x'51', 'change', 1)`);
    const insert = old.prepare(
      `INSERT INTO output (txid, vout, address_id, amount, purpose, coinbase, height, spent_by, spent_height)
       VALUES ('t', ?, 1, ?, 'change', 0, ?, ?, ?)`,
    );
    insert.run(0, 1, null, null, null);
    insert.run(1, 20, 7, null, null);
    insert.run(2, 300, 7, 's', null);
    insert.run(3, 4000, 7, 's', 8);
    old.close();
    migrateFile(file);
    const connection = openConnection(file);
    expect(runningTotal(connection.orm)).toEqual({unspent: 320n, outpoints: 2n, untouched: 20n});
    connection.sqlite.close();
  } finally {
    rmSync(directory, {recursive: true});
  }
});

/** The migrations up to, and without, the one of this name. */
const migrationsBefore = (name: string, folder: string): string => {
  const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
    entries: {tag: string}[];
  };
  journal.entries = journal.entries.slice(
    0,
    journal.entries.findIndex(({tag}) => tag.endsWith(name)),
  );
  mkdirSync(join(folder, 'meta'), {recursive: true});
  for (const {tag} of journal.entries) copyFileSync(join(MIGRATIONS, `${tag}.sql`), join(folder, `${tag}.sql`));
  writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify(journal));
  return folder;
};
