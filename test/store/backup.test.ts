import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {
  backupLedger,
  initialiseLedger,
  openStore,
  restoreLedger,
  type LedgerFacts,
  type LedgerLocation,
  type Store,
} from '../../source/store/open-store.ts';
import {newLedger} from '../support/new-ledger.ts';

const NOW = 1_700_000_000_000;
const JUMP = 10_000_000;

let folder: string;
let location: LedgerLocation;
let store: Store;
const copy = () => join(folder, 'copy.sqlite');
const ledger = () => join(folder, 'btc.sqlite');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'backup-'));
  location = {type: 'sqlite', path: join(folder, '{coin}.sqlite'), coin: 'btc'};
  await initialiseLedger(location, newLedger());
  store = await openStore(location);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, {recursive: true, force: true});
});

const append = async (count: number) =>
  Promise.all(
    Array.from({length: count}, async () =>
      store.appendBackendEvent('backend.down', {backend: 'x'.repeat(500), since: new Date(NOW).toISOString()}, NOW),
    ),
  );

/** What a lost machine leaves: nothing but the backup. */
const lose = async () => {
  await store.close();
  for (const name of readdirSync(folder)) if (name.startsWith('btc.sqlite')) rmSync(join(folder, name));
};
const restore = (facts: LedgerFacts) => restoreLedger(location, copy(), facts, {madeAt: NOW, now: NOW + 5000});

test('a ledger is copied whole while it is written to, as it was at one moment', async () => {
  await append(20_000);
  const copied = new AbortController();
  let written = 20_000;
  const writer = (async () => {
    while (!copied.signal.aborted) {
      await append(50);
      written += 50;
    }
  })();
  const facts = await backupLedger(location, copy());
  const duringBackup = written - 20_000;
  copied.abort();
  await writer;
  expect(duringBackup).toBeGreaterThan(0);
  expect(facts).toMatchObject({coin: 'btc', network: 'regtest', ledgerId: store.identity.ledgerId, height: 0});
  expect(facts.blockHash).toBe(newLedger().start.hash);
  expect(facts.sequence).toBeGreaterThanOrEqual(20_000);
  expect(readdirSync(folder).filter(name => name.startsWith('copy'))).toEqual(['copy.sqlite']);
  expect(statSync(copy()).mode & 0o777).toBe(0o600);
  const sqlite = new Database(copy(), {readonly: true});
  expect(sqlite.prepare('SELECT count(*) FROM event').pluck().get()).toBe(facts.sequence);
  sqlite.close();
});

test('a backup never overwrites, and there is none of what is no ledger', async () => {
  writeFileSync(copy(), 'mine');
  await expect(backupLedger(location, copy())).rejects.toThrow(/EEXIST/);
  expect(readFileSync(copy(), 'utf8')).toBe('mine');
  await expect(backupLedger({...location, coin: 'ltc'}, join(folder, 'other'))).rejects.toMatchObject({
    code: 'not_initialised',
  });
});

describe('a ledger that is restored', () => {
  test('is the same one, with payouts held and every cursor before what comes now', async () => {
    await append(7);
    await store.ensureSink('shop', 0);
    await store.markDelivered('shop', 7, NOW);
    await store.acquireLease({host: 'lost', bootId: 'b', pid: 1, processStart: '1'}, Date.now(), 3_600_000);
    const facts = await backupLedger(location, copy());
    await append(3);
    await lose();
    restore(facts);
    store = await openStore(location);
    expect(store.identity.ledgerId).toBe(facts.ledgerId);
    expect(await store.payoutsPausedBy()).toMatchObject({
      reason: 'restored',
      words: expect.stringMatching(/restored from a backup of 2023-11-14T22:13:20\.000Z: compare what was paid/),
    });
    const {items} = await store.events(0, 100);
    expect(items.map(({sequence, type}) => `${sequence} ${type}`).slice(-2)).toEqual([
      '7 backend.down',
      `${7 + JUMP} ledger.restored`,
    ]);
    await append(1);
    expect(await store.sinkState('shop')).toMatchObject({waiting: 2, sequence: 7});
    expect((await store.sinkQueue('shop', undefined, 10)).map(({event}) => event.sequence)).toEqual([
      7 + JUMP,
      8 + JUMP,
    ]);
    // The lost engine's lease holds nobody up.
    const answer = await store.acquireLease({host: 'new', bootId: 'c', pid: 2, processStart: '2'}, Date.now(), 1000);
    expect(answer.kind).toBe('held');
  });

  test('lets payouts out only when a person says so and its books equal the chain at the tip', async () => {
    const facts = await backupLedger(location, copy());
    await lose();
    restore(facts);
    store = await openStore(location);
    const refused = async (tip: number | undefined, words: RegExp) =>
      expect(store.resumePayouts(tip, NOW)).rejects.toMatchObject({
        code: 'not_reconciled',
        message: expect.stringMatching(words),
      });
    await refused(undefined, /no engine compares it with its node/);
    await refused(1, /has not caught up with block 1/);
    // A coin that the books know nothing of.
    const sqlite = new Database(ledger());
    sqlite.pragma('foreign_keys = OFF');
    const books = sqlite.prepare("UPDATE account SET balance = balance - ? WHERE name = 'external'");
    books.run(5);
    await refused(0, /its books differ from the chain by -0\.00000005 at block 0/);
    books.run(-5);
    sqlite.close();
    expect(await store.payoutsPausedBy()).toMatchObject({reason: 'restored'});
    await store.resumePayouts(0, NOW);
    expect(await store.payoutsPausedBy()).toBeUndefined();
    await store.resumePayouts(undefined, NOW);
  });

  test.each(['', '-wal', '-shm'])('never replaces what is there (btc.sqlite%s)', async ending => {
    const facts = await backupLedger(location, copy());
    await lose();
    writeFileSync(ledger() + ending, 'left over');
    expect(() => restore(facts)).toThrow(/in the way; a restore never overwrites/);
    expect(readFileSync(ledger() + ending, 'utf8')).toBe('left over');
    rmSync(ledger() + ending);
    restore(facts);
    store = await openStore(location);
  });

  test.each([
    ['damaged', (bytes: Buffer) => bytes.fill(0xa5, 8192, 12_288)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 4096)],
    ['no ledger at all', () => Buffer.from('text')],
  ])('from a copy that is %s is refused, and nothing is left behind', async (_what, harm) => {
    await append(50);
    const facts = await backupLedger(location, copy());
    await lose();
    writeFileSync(copy(), harm(readFileSync(copy())));
    expect(() => restore(facts)).toThrow(expect.objectContaining({code: 'database_fault'}));
    expect(readdirSync(folder)).toEqual(['copy.sqlite']);
    await initialiseLedger(location, newLedger());
    store = await openStore(location);
  });

  test('from another ledger than the manifest says is refused', async () => {
    const facts = await backupLedger(location, copy());
    await lose();
    expect(() => restore({...facts, ledgerId: 'another'})).toThrow(/another ledger than the manifest/);
    expect(existsSync(ledger())).toBe(false);
    restore(facts);
    store = await openStore(location);
  });
});
