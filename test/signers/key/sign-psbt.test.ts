import {Psbt, Transaction} from 'bitcoinjs-lib';
import {beforeAll, describe, expect, test} from 'vitest';
import {addressOf, coins, type ScriptType} from '../../../source/coins/index.ts';
import {parseWallet, writeAccount} from '../../../source/descriptors/index.ts';
import {
  accountPath,
  AccountSecret,
  pathText,
  publicKeyAt,
  signerBranches,
} from '../../../source/signers/key/account.ts';
import {Allowance, type SigningLimits} from '../../../source/signers/key/allowance.ts';
import {seedOf} from '../../../source/signers/key/mnemonic.ts';
import {signPsbt} from '../../../source/signers/key/sign-psbt.ts';
import {btc, regtest} from '../../support/bitcoind.ts';
import {ABANDON} from '../../support/hot-key.ts';
import {PsbtMaker} from '../../support/own-psbt.ts';

const BTC = 100_000_000n;
const FEE = 1000n;
let seed: Buffer;
beforeAll(async () => {
  seed = await seedOf(ABANDON);
});

const walletOf = (type: ScriptType, account = 0) => {
  const path = accountPath(type, btc, regtest, account);
  const {fingerprint, xpub} = publicKeyAt(seed, regtest, path);
  const descriptor = writeAccount(type, {fingerprint: Buffer.from(fingerprint, 'hex'), path}, xpub);
  return parseWallet({kind: 'descriptor', descriptor}, {coin: btc, network: regtest});
};

interface Signing extends Partial<SigningLimits> {
  readonly type?: ScriptType;
}

test.each([
  ['ltc', 'mainnet', 'segwit', '84h/2h/0h', 'ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh'],
  ['ltc', 'mainnet', 'legacy', '44h/2h/0h', 'LUWPbpM43E2p7ZSh8cyTBEkvpHmr3cB8Ez'],
  ['doge', 'mainnet', 'legacy', '44h/3h/0h', 'DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC'],
] as const)(
  '%s %s %s: the account and first address of the published words are those of other wallets',
  (name, networkName, type, path, address) => {
    const coin = coins.get(name)!;
    const network = coin.networks[networkName]!;
    const steps = accountPath(type, coin, network);
    expect(pathText(steps)).toBe(path);
    const {fingerprint, xpub} = publicKeyAt(seed, network, steps);
    const descriptor = writeAccount(type, {fingerprint: Buffer.from(fingerprint, 'hex'), path: steps}, xpub);
    const keys = parseWallet({kind: 'descriptor', descriptor}, {coin, network});
    const maker = new PsbtMaker(keys);
    expect(addressOf(maker.script('receive', 0), network)).toBe(address);
    const account = AccountSecret.fromSeed(seed, network, signerBranches(keys));
    const limits = {maxRate: 100_000, perTransaction: undefined, perDay: undefined};
    const psbt = maker.psbt([{amount: 5n * BTC}], [{amount: BTC}, {amount: 3n * BTC, change: 0}]).toBuffer();
    expect(signPsbt(psbt, account, 1_000_000, new Allowance(limits, () => 0)).length).toBeGreaterThan(180);
  },
);

/** A signer of one account, whose clock stands still unless it is moved. */
const open = ({type = 'segwit', ...limits}: Signing = {}) => {
  const keys = walletOf(type);
  const account = AccountSecret.fromSeed(seed, regtest, signerBranches(keys));
  const clock = {now: 1_000_000};
  const {maxRate = 50, perTransaction, perDay} = limits;
  const allowance = new Allowance({maxRate, perTransaction, perDay}, () => clock.now);
  return {
    maker: new PsbtMaker(keys),
    clock,
    sign: (psbt: Psbt | Uint8Array) =>
      Transaction.fromBuffer(signPsbt(psbt instanceof Psbt ? psbt.toBuffer() : psbt, account, maxRate, allowance)),
  };
};

describe.each<ScriptType>(['segwit', 'nested', 'legacy', 'taproot'])('%s', type => {
  test('signs what is asked and nothing else, the same bytes each time', () => {
    const {maker, sign} = open({type});
    const coins = [
      {amount: BTC, index: 3},
      {amount: BTC, branch: 'change', index: 7, number: 2},
    ] as const;
    const psbt = maker.psbt(coins, [{amount: BTC}, {amount: BTC - FEE, change: 0}]);
    const signed = sign(psbt);
    expect(signed.outs).toEqual(Transaction.fromBuffer(psbt.data.getTransaction()).outs);
    expect(signed.ins.map(({hash, index, sequence}) => ({hash, index, sequence}))).toEqual(
      psbt.txInputs.map(({hash, index, sequence}) => ({hash, index, sequence})),
    );
    for (const {script, witness} of signed.ins) expect(script.length + witness.length).toBeGreaterThan(0);
    expect(sign(psbt).toHex()).toBe(signed.toHex());
    expect(open({type}).sign(psbt).toHex()).toBe(signed.toHex());
  });

  test('refuses an input of another account of the same key, and of another key', () => {
    const {maker, sign} = open({type});
    const other = new PsbtMaker(walletOf(type, 1));
    const payment = [{amount: BTC - FEE}];
    expect(() => sign(other.psbt([{amount: BTC}], payment))).toThrow(/input 0 does not say which of this key's/);
    const disguised = maker.psbt([{amount: BTC}], payment);
    const input = disguised.data.inputs[0]!;
    for (const derivation of input.bip32Derivation ?? input.tapBip32Derivation ?? [])
      derivation.path = derivation.path.replace(/\d+$/, '5');
    expect(() => sign(disguised)).toThrow(/input 0 is said to be at receive\/5, and is not this key's/);
  });

  test('refuses a change output that is not this key’s', () => {
    const {maker, sign} = open({type});
    const psbt = maker.psbt([{amount: 2n * BTC}], [{amount: BTC}, {amount: BTC - FEE}]);
    psbt.updateOutput(1, maker.derivation('change', 4));
    expect(() => sign(psbt)).toThrow(/output 1 is said to be change at change\/4, and is not this key's/);
  });
});

test('signatures have the size that a plan counts on', () => {
  const {maker, sign} = open();
  const coins = Array.from({length: 20}, (_, number) => ({amount: BTC, number}));
  const signed = sign(maker.psbt(coins, [{amount: 20n * BTC - 2n * FEE}]));
  // DER of 70 bytes and the sighash type, or less; half of all have one byte more unless R is low.
  for (const {witness} of signed.ins) expect(witness[0]!.length).toBeLessThanOrEqual(71);
});

test('a request cannot ask for a weaker signature: each covers the whole transaction', () => {
  const {maker, sign} = open();
  const psbt = maker.psbt([{amount: BTC}], [{amount: BTC - FEE}]);
  psbt.updateInput(0, {sighashType: Transaction.SIGHASH_NONE});
  expect(sign(psbt).ins[0]!.witness[0]!.at(-1)).toBe(Transaction.SIGHASH_ALL);
});

test('what proves an amount is believed, not what is said beside it', () => {
  const {maker, sign} = open();
  const coin = {amount: BTC};
  const psbt = maker.psbt([coin], [{amount: BTC - FEE}]);
  psbt.updateInput(0, {nonWitnessUtxo: maker.previous(coin).toBuffer()});
  expect(() => sign(psbt)).not.toThrow();
  const lying = maker.psbt([coin], [{amount: BTC - FEE}]);
  lying.data.inputs[0]!.witnessUtxo!.value = BTC + 1n;
  lying.data.inputs[0]!.nonWitnessUtxo = maker.previous(coin).toBuffer();
  expect(() => sign(lying)).toThrow(/input 0 says two different things about the coin/);
  const swapped = maker.psbt([coin], [{amount: BTC - FEE}]);
  swapped.data.inputs[0]!.nonWitnessUtxo = maker.previous({amount: BTC, number: 5}).toBuffer();
  expect(() => sign(swapped)).toThrow(/input 0 comes with another transaction than the one it spends/);
});

test('a legacy input needs its whole transaction: its signature covers no amount', () => {
  const {maker, sign} = open({type: 'legacy'});
  const {hash} = maker.psbt([{amount: BTC}], []).txInputs[0]!;
  const witnessUtxo = {script: maker.script('receive', 0), value: BTC};
  const psbt = new Psbt()
    .addInput({hash, index: 0, witnessUtxo, ...maker.derivation('receive', 0)})
    .addOutput({script: maker.script('change', 0), value: BTC - FEE});
  expect(() => sign(psbt)).toThrow(/input 0 comes without the whole transaction that it spends/);
});

test('two requests that say different amounts of one coin make no fee of any size', () => {
  const {maker, sign} = open();
  const first = {amount: BTC};
  const second = {amount: BTC, number: 1, index: 1};
  sign(maker.psbt([first, second], [{amount: 2n * BTC - FEE}]));
  const lie = maker.psbt([first, second], [{amount: 2n * BTC - FEE}]);
  lie.data.inputs[0]!.witnessUtxo!.value = 2n * BTC;
  expect(() => sign(lie)).toThrow(/was worth 1\.00000000 and is now said to be 2\.00000000/);
});

test('refuses a feerate above its own, whatever is asked', () => {
  const {maker, sign} = open({maxRate: 10});
  expect(() => sign(maker.psbt([{amount: BTC}], [{amount: BTC - 2000n}]))).toThrow(
    /its fee 2000 for \d+ vbytes is above the 10 per vB that the signer was started with/,
  );
  expect(() => sign(maker.psbt([{amount: BTC}], [{amount: BTC - 1100n}]))).not.toThrow();
  expect(() => sign(maker.psbt([{amount: BTC}], [{amount: BTC + 1n}]))).toThrow(/outputs are more than its inputs/);
});

test('refuses what is no PSBT, or spends and pays nothing', () => {
  const {maker, sign} = open();
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('nonsense'),
    maker
      .psbt([{amount: BTC}], [])
      .toBuffer()
      .slice(0, 40),
  ])
    expect(() => sign(bytes)).toThrow(/no PSBT that can be read/);
  expect(() => sign(maker.psbt([{amount: BTC}], []))).toThrow(/no inputs or no outputs/);
});

describe('limits', () => {
  test('of one transaction hold for what leaves, fee included, and not for change', () => {
    const {maker, sign} = open({perTransaction: BTC});
    const coin = {amount: 10n * BTC};
    const paying = (amount: bigint) => maker.psbt([coin], [{amount}, {amount: 10n * BTC - amount - FEE, change: 0}]);
    expect(() => sign(paying(BTC - FEE))).not.toThrow();
    expect(() => sign(paying(BTC - FEE + 1n))).toThrow(
      /1\.00000001 would leave at once, and the signer was started with a limit of 1\.00000000/,
    );
  });

  test('an output that does not say it is change leaves, even to a script of ours', () => {
    const {maker, sign} = open({perTransaction: BTC});
    const script = maker.script('change', 0);
    expect(() => sign(maker.psbt([{amount: 3n * BTC}], [{amount: 3n * BTC - FEE, script}]))).toThrow(/would leave/);
  });

  const paying = (maker: PsbtMaker, number: number, amount: bigint, fee = FEE) =>
    maker.psbt([{amount: BTC, number}], [{amount}, {amount: BTC - amount - fee, change: number}]);
  const HALF = BTC / 2n - FEE;

  test('of a day are used up, whatever the order, and free again a day later', () => {
    const {maker, sign, clock} = open({perDay: BTC});
    sign(paying(maker, 1, HALF));
    clock.now += 3_600_000;
    sign(paying(maker, 2, HALF));
    expect(() => sign(paying(maker, 3, 1000n))).toThrow(
      /1\.00000000 left in the last 24 hours, and with these 0\.00002000 it would be more than the 1\.00000000/,
    );
    clock.now += 23 * 3_600_000 + 1;
    expect(() => sign(paying(maker, 3, HALF))).not.toThrow();
    expect(() => sign(paying(maker, 4, HALF))).toThrow(/in the last 24 hours/);
  });

  test('of a day count the same transaction, and one that replaces it, once', () => {
    const {maker, sign} = open({perDay: BTC});
    for (let again = 0; again < 5; again += 1) sign(paying(maker, 1, HALF));
    for (let again = 0n; again < 3n; again += 1n) sign(paying(maker, 1, HALF - again, FEE + again));
    expect(() => sign(paying(maker, 2, HALF))).not.toThrow();
  });

  test('of a day cannot be passed by a replacement that spends more coins, in any order', () => {
    const {maker, sign} = open({perDay: BTC});
    const both = [
      {amount: BTC, number: 1},
      {amount: BTC, number: 2},
    ];
    sign(maker.psbt(both, [{amount: 2n * HALF}, {amount: 2n * BTC - 2n * HALF - FEE, change: 0}]));
    // Either alone may yet replace it; both together cannot be less than what is counted.
    sign(paying(maker, 1, HALF));
    expect(() => sign(paying(maker, 2, HALF))).toThrow(/in the last 24 hours/);
  });
});
