import {createHash} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {LOCAL, type Actor} from '../../source/contract/index.ts';
import {initialiseLedger, openStore, type LedgerLocation, type Store} from '../../source/store/open-store.ts';
import {newLedger} from '../support/new-ledger.ts';

const NOW = 1_700_000_000_000;
const SHOP: Actor = {name: 'shop', scopes: ['read', 'operate'], client: 'cli', command: "cryptoassets-console 'x y'"};

let directory: string;
let location: LedgerLocation;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'audit-'));
  location = {type: 'sqlite', path: join(directory, '{coin}.sqlite'), coin: 'btc'};
  await initialiseLedger(location, newLedger());
  store = await openStore(location);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, {recursive: true, force: true});
});

const act = async (count: number, actor: Actor = LOCAL) => {
  for (let i = 1; i <= count; i++)
    await store.recordAct(actor, {action: 'rescan.start', subject: String(i), details: {to: i, from: 0}}, NOW + i);
};

/** The file as somebody with an SQLite shell would change it, triggers and all. */
const tamper = (text: string) => {
  const sqlite = new Database(join(directory, 'btc.sqlite'));
  sqlite.exec(`DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; ${text}`);
  sqlite.close();
};

test('entries are newest first, paged, filtered, and say who did what by which command', async () => {
  await act(3);
  await act(1, SHOP);
  const page = await store.audit({limit: 3});
  expect(page.items.map(entry => [entry.id, entry.actor, entry.subject])).toEqual([
    ['4', 'shop', '1'],
    ['3', 'local', '3'],
    ['2', 'local', '2'],
  ]);
  expect((await store.audit({limit: 3, cursor: page.next!})).items.map(entry => entry.id)).toEqual(['1']);
  expect(page.items[0]).toMatchObject({
    client: 'cli',
    command: "cryptoassets-console 'x y'",
    details: {from: 0, to: 1},
  });
  expect((await store.audit({limit: 9, actor: 'shop'})).items).toHaveLength(1);
  expect((await store.audit({limit: 9, action: 'payout.release'})).items).toEqual([]);
  expect((await store.audit({limit: 9, subject: '2'})).items.map(entry => entry.id)).toEqual(['2']);
});

test('the hash is what anybody can compute from the entry as the API shows it', async () => {
  await act(2);
  const [newest, first] = (await store.audit({limit: 2})).items;
  expect(first!.previous_hash).toBe('0'.repeat(64));
  expect(newest!.previous_hash).toBe(first!.hash);
  const said = `{"action":"rescan.start","actor":"local","created_at":"2023-11-14T22:13:20.001Z","details":{"from":0,"to":1},"id":"1","subject":"1"}`;
  expect(first!.hash).toBe(createHash('sha256').update(first!.previous_hash).update(said).digest('hex'));
});

test('an untouched log holds, empty and not', async () => {
  expect(await store.auditFault()).toBeUndefined();
  await act(5);
  expect(await store.auditFault()).toBeUndefined();
});

describe('what breaks the chain is named by its row', () => {
  test.each([
    ['a changed word', "UPDATE audit SET actor = 'mallory' WHERE id = 3", 'audit row 3 was changed'],
    ['changed details', `UPDATE audit SET details = '{"from":1}' WHERE id = 2`, 'audit row 2 was changed'],
    ['details that are no JSON', "UPDATE audit SET details = '{' WHERE id = 2", 'audit row 2 was changed'],
    ['a removed row', 'DELETE FROM audit WHERE id = 3', 'audit row 4 follows row 2'],
    ['a removed beginning', 'DELETE FROM audit WHERE id = 1', 'audit row 2 follows row 0'],
    ['a removed end', 'DELETE FROM audit WHERE id = 5', 'audit row 5 was the newest'],
    ['a log that was emptied', 'DELETE FROM audit', 'audit row 5 was the newest'],
    ['a forged hash', "UPDATE audit SET hash = 'ff' WHERE id = 2", 'audit row 2 was changed'],
    ['a new end', "UPDATE audit SET previous_hash = 'ff' WHERE id = 5", 'audit row 5 does not follow from row 4'],
  ])('%s', async (_what, text, words) => {
    await act(5);
    tamper(text);
    expect(await store.auditFault()).toContain(words);
  });
});

test('the database itself refuses to change or remove an entry', async () => {
  await act(1);
  const sqlite = new Database(join(directory, 'btc.sqlite'));
  expect(() => sqlite.exec("UPDATE audit SET actor = 'x'")).toThrow(/append-only/);
  expect(() => sqlite.exec('DELETE FROM audit')).toThrow(/append-only/);
  sqlite.close();
});

test('an act that is refused leaves no entry', async () => {
  await expect(store.acceptReorg(NOW, LOCAL)).rejects.toMatchObject({code: 'wrong_state'});
  await expect(store.cancelPayout('1', NOW, LOCAL)).rejects.toMatchObject({code: 'not_found'});
  await expect(store.resumeSink('nobody', NOW, LOCAL)).rejects.toMatchObject({code: 'not_found'});
  expect((await store.audit({limit: 9})).items).toEqual([]);
});

test('acts of the same instant form one chain', async () => {
  await Promise.all(Array.from({length: 50}, async () => act(1)));
  expect((await store.audit({limit: 100})).items).toHaveLength(50);
  expect(await store.auditFault()).toBeUndefined();
});
