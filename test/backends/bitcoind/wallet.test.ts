import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import {sum} from '../../../source/primitives/amount.ts';
import {descriptorFingerprint} from '../../../source/backends/bitcoind/descriptor-fingerprint.ts';
import {openBitcoind, openPinned} from '../../support/bitcoind.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

describe("the node's wallet", () => {
  let node: RegtestNode;
  let backend: Bitcoind;
  let fingerprints: string[];
  beforeAll(async () => {
    node = await RegtestNode.start({zmq: false});
    await node.createWallet('hot');
    backend = await openPinned(node);
    fingerprints = await backend.addresses.walletFingerprints();
  });
  afterAll(async () => {
    await backend.close();
    await node.dispose();
  });

  test('has fingerprints that stay when it is loaded again, and are another wallet’s never', async () => {
    expect(fingerprints.length).toBeGreaterThan(1);
    expect(fingerprints).toEqual([...fingerprints].sort());
    await node.rpc('unloadwallet', ['hot']);
    // Not loaded: it is loaded by the call that needs it, once for all of them.
    expect(await Promise.all([1, 2, 3].map(() => backend.addresses.walletFingerprints()))).toEqual(
      Array.from({length: 3}, () => fingerprints),
    );
    await node.createWallet('other');
    const other = openBitcoind(node, {wallet: 'other'});
    const others = await other.addresses.walletFingerprints();
    expect(others.filter(print => fingerprints.includes(print))).toEqual([]);
    await other.close();
  });

  test('gives fresh native segwit addresses, receive and change', async () => {
    const receive = await backend.addresses.newAddress();
    const change = await backend.addresses.newChangeAddress();
    for (const address of [receive, change]) expect(address).toMatch(/^bcrt1q[0-9a-z]{38}$/);
    expect(await backend.addresses.newAddress()).not.toBe(receive);
    const info = await node.rpc<{ismine: boolean; ischange: boolean}>('getaddressinfo', [change], 'hot');
    expect(info).toMatchObject({ismine: true, ischange: true});
  });

  test('gives no address before it was pinned, or as another wallet of the same name', async () => {
    const unpinned = openBitcoind(node);
    await expect(unpinned.addresses.newAddress()).rejects.toMatchObject({code: 'wallet_mismatch'});
    await unpinned.close();
    // What a fresh wallet of the same name looks like: none of the pinned descriptors.
    const foreign = openBitcoind(node, {walletFingerprints: ['00'.repeat(16)]});
    for (const ask of [() => foreign.addresses.newAddress(), () => foreign.addresses.newChangeAddress()])
      await expect(ask()).rejects.toMatchObject({code: 'wallet_mismatch', field: 'coins.btc.backend.wallet'});
    await foreign.close();
  });

  test('that was encrypted since, and so has new descriptors beside the old, is still ours', async () => {
    await node.createWallet('grows');
    const growing = await openPinned(node, {wallet: 'grows'});
    await node.rpc('encryptwallet', ['secret'], 'grows');
    const address = await growing.addresses.newAddress();
    expect(address).toMatch(/^bcrt1q/);
    await growing.close();
  });

  test('lists its coins exactly, immature ones too, and unconfirmed ones not', async () => {
    const address = await backend.addresses.newAddress();
    await node.mine(102, address);
    await node.rpc('sendtoaddress', [await backend.addresses.newAddress(), '0.12345678'], 'hot');
    await node.mine(1);
    const coins = await backend.addresses.walletCoins();
    const amounts = coins.map(({amount}) => amount);
    expect(amounts).toContain(12_345_678n);
    // 101 untouched coinbases, the payment and its change.
    expect(coins.length).toBe(103);
    expect(await backend.addresses.walletTotal()).toBe(sum(amounts));
    await node.rpc('sendtoaddress', [await backend.addresses.newAddress(), 1], 'hot');
    const later = await backend.addresses.walletCoins();
    expect(later.length).toBeLessThan(103);
    expect(await backend.addresses.walletTotal()).toBe(sum(later.map(({amount}) => amount)));
  });

  test('that the node does not have is named', async () => {
    const missing = openBitcoind(node, {wallet: 'nope', walletFingerprints: fingerprints});
    await expect(missing.addresses.newAddress()).rejects.toMatchObject({code: 'wallet_missing'});
    await missing.close();
  });

  test('with a name that needs escaping is asked for by that name', async () => {
    const name = 'my wallet/ü';
    await node.createWallet(name);
    const odd = await openPinned(node, {wallet: name});
    expect(await odd.addresses.newAddress()).toMatch(/^bcrt1q/);
    await odd.close();
  });

  test('tells the fee floor, version and no estimate on a fresh chain', async () => {
    expect(await backend.fees.estimate(6)).toBeUndefined();
    expect(await backend.health.vitals()).toMatchObject({version: 'Satoshi:30.2.0', peers: 0, feeFloor: 0.1});
    expect(backend.health.latencies().length).toBeGreaterThan(0);
    expect(backend.health.latencies().length).toBeLessThanOrEqual(60);
  });
});

test('a fingerprint outlives a node upgrade that writes hardened steps and checksums differently', () => {
  const old = "wpkh([d34db33f/84'/1'/0']tpubD/0/*)#abcdefgh";
  expect(descriptorFingerprint(old)).toBe(descriptorFingerprint('wpkh([d34db33f/84h/1h/0h]tpubD/0/*)#12345678'));
  expect(descriptorFingerprint(old)).not.toBe(descriptorFingerprint('wpkh([d34db33f/84h/1h/0h]tpubD/1/*)'));
});
