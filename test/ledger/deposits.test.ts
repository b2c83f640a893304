import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {LedgerWorld, type WorldOptions} from '../support/ledger-world.ts';

let world: LedgerWorld;
beforeEach(() => {
  world = new LedgerWorld();
});
/** Another world than the default one. */
const begin = (options: WorldOptions): void => {
  world.close();
  world = new LedgerWorld(options);
};
afterEach(async () => {
  const dump = world.dump();
  const events = world.ledger.events().length;
  expect(await world.faults()).toEqual([]);
  // The same facts twice change nothing.
  await world.again();
  expect(world.dump()).toEqual(dump);
  expect(world.ledger.events().length).toBe(events);
  world.close();
});

const outputOf = (transaction: {txid: string}, vout = 0) => ({txid: transaction.txid as never, vout});

describe('a deposit', () => {
  test('is detected in the mempool, counted, credited and settled, each told once and in order', async () => {
    world.pay('a', [['alice', 5n]]);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 0']);
    expect(world.balance('alice')).toBe(0n);
    world.chain.mine();
    await world.look();
    expect(world.story()).toEqual(['confirmations a:0 1']);
    world.chain.mineMany(2);
    await world.look();
    expect(world.story()).toEqual(['credited a:0 3']);
    expect(world.balance('alice')).toBe(5n);
    world.chain.mine();
    await world.look();
    expect(world.story()).toEqual(['confirmations a:0 4']);
    world.chain.mineMany(2);
    await world.look();
    expect(world.story()).toEqual(['settled a:0 6']);
    world.chain.mineMany(3);
    await world.look();
    expect(world.story()).toEqual([]);
    expect(world.balance('external')).toBe(-5n);
  });

  test('first seen deep in the chain goes through every state in one step', async () => {
    world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(7);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 7', 'credited a:0 7', 'settled a:0 7']);
  });

  test('counts exactly once per outpoint when one transaction pays several accounts, twice one of them, and change', async () => {
    world.pay('a', [
      ['alice', 1n],
      ['nobody', 100n],
      ['alice', 2n],
      ['bob', 4n],
      ['alice', 8n],
      ['change', 16n],
    ]);
    world.chain.mineMany(3);
    await world.look();
    expect(await world.deposits()).toEqual([
      'a:0 alice 1 credited',
      'a:2 alice 2 credited',
      'a:3 bob 4 credited',
      'a:4 alice 8 credited',
      'a:5 suspense 16 credited',
    ]);
    expect(['alice', 'bob', 'suspense', 'external'].map(name => world.balance(name))).toEqual([11n, 4n, 16n, -31n]);
  });

  test('is change, and nobody’s deposit, at the recorded change vout of a broadcast only', async () => {
    const funding = world.pay('funding', [['alice', 50n]]);
    world.chain.mineMany(3);
    await world.look();
    const ours = world.transaction(
      'ours',
      [
        ['change', 10n],
        ['change', 20n],
        ['bob', 15n],
      ],
      [outputOf(funding)],
    );
    world.ledger.run(
      `INSERT INTO broadcast (family, txid, status, fee, virtual_size, change_vout, attempts, created_at)
       VALUES (1, ?, 'sent', 5, 100, 1, 1, 0)`,
      ours.txid,
    );
    world.chain.broadcast(ours);
    await world.look();
    const purposes = world.ledger.rows<{vout: bigint; purpose: string}>(
      'SELECT vout, purpose FROM output WHERE txid = ? ORDER BY vout',
      ours.txid,
    );
    expect(purposes.map(row => row.purpose)).toEqual(['deposit', 'change', 'deposit']);
    expect(await world.deposits()).toEqual([
      'funding:0 alice 50 credited',
      'ours:0 suspense 10 detected',
      'ours:2 bob 15 detected',
    ]);
    world.story();
  });

  test('from a coinbase is credited at 101 confirmations', async () => {
    world.chain.mine([world.coinbase('fresh', [['alice', 50n]])]);
    world.chain.mineMany(99);
    await world.look();
    expect(world.story()).toEqual(['detected fresh:0 100']);
    expect(world.balance('alice')).toBe(0n);
    world.chain.mine();
    await world.look();
    expect(world.story()).toEqual(['credited fresh:0 101', 'settled fresh:0 101']);
  });

  test('from a coinbase whose block is orphaned is dropped at once', async () => {
    world.chain.mine([world.coinbase('fresh', [['alice', 50n]])]);
    await world.look();
    world.story();
    world.chain.reorg(1, [[], []]);
    await world.look();
    expect(world.story()).toEqual(['dropped fresh:0 (reorged)']);
  });
});

describe('a mempool deposit', () => {
  test('replaced by a payment to somebody else is dropped without waiting for a block', async () => {
    const a = world.pay('a', [['alice', 5n]]);
    await world.look();
    world.pay('b', [['nobody', 5n]], a.inputs);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 0', 'dropped a:0 (replaced by b)']);
    world.chain.mineMany(6);
    await world.look();
    expect(world.story()).toEqual([]);
    expect(world.balance('alice')).toBe(0n);
  });

  test('replaced by one that still pays us leaves one live deposit, to which the old one points', async () => {
    const a = world.pay('a', [['alice', 5n]]);
    await world.look();
    world.pay('b', [['alice', 4n]], a.inputs);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 0', 'detected b:0 0', 'dropped a:0 (replaced by b)']);
    world.chain.mineMany(3);
    await world.look();
    expect(await world.deposits()).toEqual(['a:0 alice 5 dropped', 'b:0 alice 4 credited']);
    expect(world.balance('alice')).toBe(4n);
    world.story();
  });

  test('whose input a block spends otherwise is in conflict with that block', async () => {
    const a = world.pay('a', [['alice', 5n]]);
    await world.look();
    world.chain.mine([world.transaction('b', [['alice', 4n]], a.inputs)]);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 0', 'detected b:0 1', 'dropped a:0 (conflicted by b)']);
  });

  test('that is evicted, seen again and mined is dropped, detected and credited once', async () => {
    const a = world.pay('a', [['alice', 5n]]);
    await world.look();
    world.chain.evict(a.txid);
    await world.look();
    world.chain.broadcast(a);
    await world.look();
    world.chain.mineMany(3);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 0', 'dropped a:0 (evicted)', 'detected a:0 0', 'credited a:0 3']);
    expect(world.balance('alice')).toBe(5n);
  });

  test('that was evicted and then mined unseen is detected again first', async () => {
    const a = world.pay('a', [['alice', 5n]]);
    await world.look();
    world.chain.evict(a.txid);
    await world.look();
    world.chain.mine([a]);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 0', 'dropped a:0 (evicted)', 'detected a:0 1']);
  });
});

describe.each([1, 2, 6])('a reorg of %i blocks', depth => {
  test('below the credit threshold takes the count back, and the deposit goes on', async () => {
    begin({confirmations: 10, maxConfirmationCount: 20});
    const a = world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(depth);
    await world.look();
    world.chain.reorg(
      depth,
      Array.from({length: depth + 1}, () => []),
    );
    await world.look();
    expect(world.story()).toEqual([`detected a:0 ${depth}`, 'confirmations a:0 0']);
    world.chain.mine([a]);
    await world.look();
    expect(world.story()).toEqual(['confirmations a:0 1']);
  });

  test('above it reverses the credit once, and credits once when mined again', async () => {
    begin({confirmations: 1, maxConfirmationCount: 20});
    world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(depth);
    await world.look();
    expect(world.balance('alice')).toBe(5n);
    world.story();
    world.chain.reorg(
      depth,
      Array.from({length: depth + 1}, () => []),
    );
    await world.look();
    expect(world.story()).toEqual(['dropped a:0 (reorged)', 'detected a:0 0']);
    expect(world.balance('alice')).toBe(0n);
    world.chain.mine();
    await world.look();
    expect(world.story()).toEqual(['credited a:0 1']);
    expect(world.balance('alice')).toBe(5n);
  });

  test('with a double spend on the other branch is a conflict', async () => {
    begin({confirmations: 1, maxConfirmationCount: 20});
    const a = world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(depth);
    await world.look();
    world.story();
    const thief = world.transaction('thief', [['nobody', 5n]], a.inputs);
    world.chain.reorg(depth, [[thief], ...Array.from({length: depth}, () => [])]);
    await world.look();
    expect(world.story()).toEqual(['dropped a:0 (conflicted by thief)']);
    expect(world.balance('alice')).toBe(0n);
  });

  test('that mines it again keeps the credit, even with fewer confirmations', async () => {
    begin({confirmations: depth + 1, maxConfirmationCount: 20});
    const a = world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(depth + 1);
    await world.look();
    expect(world.balance('alice')).toBe(5n);
    world.story();
    world.chain.reorg(depth + 1, [...Array.from({length: depth + 1}, () => []), [a]]);
    await world.look();
    expect(world.story()).toEqual(['confirmations a:0 1']);
    expect(world.balance('alice')).toBe(5n);
  });
});

describe('a reorg', () => {
  test('of a settled deposit reverses it like any other', async () => {
    begin({confirmations: 1, maxConfirmationCount: 3});
    world.chain.mine();
    world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(3);
    await world.look();
    expect(world.story()).toEqual(['detected a:0 3', 'credited a:0 3', 'settled a:0 3']);
    world.chain.reorg(3, [[], [], [], []]);
    await world.look();
    expect(world.story()).toEqual(['dropped a:0 (reorged)', 'detected a:0 0']);
    expect(world.balance('alice')).toBe(0n);
  });

  test('deeper than max_confirmation_count reverses nothing until it is accepted', async () => {
    begin({confirmations: 1, maxConfirmationCount: 3});
    const a = world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(4);
    await world.look();
    world.story();
    const before = world.dump();
    const rival = world.transaction('rival', [['nobody', 5n]], a.inputs);
    world.chain.reorg(4, [[rival], [], [], [], []]);
    expect((await world.look()).refusedDeepFork).toBe(true);
    expect(world.dump()).toEqual(before);
    const paused = world.ledger.rows<{value: string}>("SELECT value FROM meta WHERE key = 'deep_fork'");
    expect(paused[0]?.value).toContain('4 blocks deep');
    await world.store.acceptReorg(world.now);
    await world.look();
    expect(world.story()).toEqual(['dropped a:0 (conflicted by rival)']);
    expect(world.ledger.rows("SELECT 1 FROM meta WHERE key IN ('deep_fork', 'accepted_fork', 'deep_fork_at')")).toEqual(
      [],
    );
    await expect(world.store.acceptReorg(world.now)).rejects.toMatchObject({code: 'wrong_state'});
  });

  test('that overdraws an account freezes it, and the freeze lifts itself', async () => {
    begin({confirmations: 1, maxConfirmationCount: 10});
    world.pay('a', [['alice', 5n]]);
    world.chain.mine();
    await world.look();
    // As if alice had moved it all to bob.
    const [alice, bob] = ['alice', 'bob'].map(
      name => world.ledger.rows<{id: bigint}>('SELECT id FROM account WHERE name = ?', name)[0]!.id,
    );
    world.ledger.run('INSERT INTO "transaction" (id, kind, created_at) VALUES (99, \'transfer\', 0)');
    world.ledger.run('INSERT INTO posting VALUES (99, ?, -5), (99, ?, 5)', alice, bob);
    world.ledger.run('UPDATE account SET balance = 0 WHERE id = ?', alice);
    world.ledger.run('UPDATE account SET balance = 5 WHERE id = ?', bob);
    world.story();
    const a = [...world.labels.keys()][0]!;
    world.chain.reorg(1, [[], []]);
    world.chain.evict(a);
    await world.look();
    expect(world.balance('alice')).toBe(-5n);
    expect(world.story()).toEqual(['dropped a:0 (reorged)', 'account.frozen alice']);
    world.pay('b', [['alice', 7n]]);
    world.chain.mine();
    await world.look();
    expect(world.balance('alice')).toBe(2n);
    expect(world.story()).toEqual(['detected b:0 1', 'credited b:0 1', 'account.unfrozen alice']);
  });
});

test('an output of ours that is spent by hand is in the books of the chain only until then', async () => {
  const a = world.pay('a', [['alice', 5n]]);
  world.chain.mineMany(3);
  await world.look();
  expect((await world.store.checkBooks(undefined, world.now)).drift).toBe('0.00000000');
  const thief = world.pay('thief', [['nobody', 4n]], [outputOf(a)]);
  await world.look();
  // The mempool is on neither side.
  expect((await world.store.checkBooks(undefined, world.now)).drift).toBe('0.00000000');
  world.chain.evict(thief.txid);
  await world.look();
  expect(world.ledger.rows('SELECT 1 FROM output WHERE spent_by IS NOT NULL')).toEqual([]);
  world.chain.mine([thief]);
  await world.look();
  world.story();
  expect((await world.store.checkBooks(undefined, world.now)).drift).toBe('-0.00000005');
  expect(world.story()).toEqual([]);
  await world.store.checkBooks(undefined, world.now);
  expect(world.story()).toEqual(['books.drift -0.00000005']);
  await world.store.checkBooks(undefined, world.now);
  expect(world.story()).toEqual([]);
  world.chain.reorg(1, [[], []]);
  world.chain.evict(thief.txid);
  await world.look();
  world.story();
  await world.store.checkBooks(undefined, world.now);
  expect(world.story()).toEqual(['books.balanced 0.00000000']);
});
