import {readFileSync} from 'node:fs';
import {script, Transaction} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import {describe, expect, test} from 'vitest';
import {z} from 'zod';
import {prepared, type Prepared, type UserKey} from '../../../source/backends/blockio/answers.ts';
import {placeSignatures, readHalfSigned} from '../../../source/backends/blockio/cosigned.ts';
import {
  multisigSize,
  readRedeemScript,
  scriptPubKeyOf,
  signatureHash,
  type Multisig,
} from '../../../source/backends/blockio/multisig.ts';
import {readSigningKey, signingKey, type SigningKey} from '../../../source/backends/blockio/signing-key.ts';
import {openUserKey} from '../../../source/backends/blockio/user-key.ts';
import {coins, scriptOf} from '../../../source/coins/index.ts';
import {parseAmount} from '../../../source/primitives/amount.ts';
import {txidFromWire} from '../../../source/primitives/ids.ts';

// Against what block.io's own libraries make of the same answers: see recorded/README.md.

const PIN = 'd1650160bd8d2bb32bebd139d0063eb6063ffa2f9e4501ad';
const DTRUST_KEYS = [
  'b515fd806a662e061b488e78e5d0c2ff46df80083a79818e166300666385c0a2',
  '001584b821c62ecdc554e185222591720d6fe651ed1b820d83f92cdc45c5e21f',
  '2f9090b8aa4ddb32c3b0b8371db1b50e19084c720c30db1d6bb9fcd3a0f78e61',
  '06c1cefdfd9187b36b36c3698c1362642083dcc1941dc76d751481d3aa29ca65',
];

interface Signed {
  readonly tx_hex: string;
  readonly signatures: {input_index: number; public_key: string; signature: string}[] | null;
}

const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8'));
/** With the inputs that block.io chose, which are nothing to the engine. */
const recordedAnswer = prepared.extend({
  inputs: z.array(
    z.object({spending_address: z.string(), input_value: z.string().transform(text => parseAmount(text))}),
  ),
});
type Recorded = z.output<typeof recordedAnswer>;
const preparedOf = (name: string): Recorded => recordedAnswer.parse((recorded(name) as {data: unknown}).data);
const signedOf = (name: string): Signed => recorded(name) as Signed;

const multisigOf = (answer: Prepared, address: string): Multisig => {
  const data = answer.input_address_data.find(one => one.address === address)!;
  return {
    type: data.address_type,
    required: data.required_signatures,
    publicKeys: data.public_keys.map(key => Buffer.from(key, 'hex')),
  };
};

const NETWORKS = {LTCTEST: ['ltc', 'testnet'], BTCTEST: ['btc', 'testnet']} as const;

const scriptAt = (answer: Prepared, address: string): Buffer => {
  const [name, network] = NETWORKS[answer.network as keyof typeof NETWORKS];
  const coin = coins.get(name)!;
  return scriptOf(address, coin, coin.networks[network]!);
};

/** The signatures of these keys over a transaction that block.io's library built, in the order of its answer. */
const sign = (answer: Recorded, unsigned: string, keys: readonly SigningKey[]) => {
  const transaction = Transaction.fromHex(unsigned);
  return answer.inputs.flatMap(({spending_address, input_value}, index) => {
    const multisig = multisigOf(answer, spending_address);
    const hash = signatureHash(transaction, index, multisig, input_value);
    return multisig.publicKeys.flatMap(publicKey => {
      const key = keys.find(one => one.publicKey.equals(publicKey));
      return key === undefined
        ? []
        : [{input_index: index, public_key: publicKey.toString('hex'), signature: key.sign(hash).toString('hex')}];
    });
  });
};

describe.each(['mixed', 'witness-v1', 'with-fee'])('recorded: %s', name => {
  const answer = preparedOf(`prepared-${name}`);
  const signed = signedOf(`signed-${name}`);

  test('the keys of every address make its script', () => {
    for (const {address} of answer.input_address_data)
      expect(scriptPubKeyOf(multisigOf(answer, address))).toEqual(scriptAt(answer, address));
  });

  test('the PIN opens the key, which signs as their library does', async () => {
    const key = await openUserKey(answer.user_key!, PIN);
    expect(sign(answer, signed.tx_hex, [key])).toEqual(signed.signatures);
  });

  test('a wrong PIN is told', async () => {
    await expect(openUserKey(answer.user_key!, `${PIN}0`)).rejects.toMatchObject({code: 'wallet_locked'});
  });
});

test.each(['dtrust', 'dtrust-p2sh'])('recorded: all own keys complete a transaction byte by byte (%s)', name => {
  const answer = preparedOf(`prepared-${name}`);
  const {tx_hex} = signedOf(`signed-${name}`);
  const transaction = Transaction.fromHex(tx_hex);
  for (const index of transaction.ins.keys()) {
    transaction.setInputScript(index, Buffer.alloc(0));
    transaction.setWitness(index, []);
  }
  const unsigned = transaction.toHex();
  const signatures = new Map<number, [string, Buffer][]>();
  for (const {input_index, public_key, signature} of sign(answer, unsigned, DTRUST_KEYS.map(readSigningKey))) {
    const multisig = multisigOf(answer, answer.inputs[input_index]!.spending_address);
    expect(multisig.required).toBe(4);
    signatures.set(input_index, [...(signatures.get(input_index) ?? []), [public_key, Buffer.from(signature, 'hex')]]);
  }
  for (const [index, found] of signatures)
    placeSignatures(transaction, index, multisigOf(answer, answer.inputs[index]!.spending_address), new Map(found));
  expect(transaction.toHex()).toBe(tx_hex);
});

const USER_KEY = '02f87f787bffb30396984cb6b3a9d6830f32d5b656b3e39b0abe4f3b3c35d99323';
const sealed = (encrypted_passphrase: string, algorithm: Partial<NonNullable<UserKey['algorithm']>>): UserKey => ({
  public_key: USER_KEY,
  encrypted_passphrase,
  algorithm: {
    pbkdf2_salt: '922445847c173e90667a19d90729e1fb',
    pbkdf2_iterations: 500_000,
    pbkdf2_hash_function: 'SHA256',
    pbkdf2_phase1_key_length: 16,
    pbkdf2_phase2_key_length: 32,
    aes_cipher: 'AES-256-ECB',
    ...algorithm,
  },
});

// From test/unit/cryptohelper.js of the same library.
test.each([
  ['ECB', sealed('3wIJtPoC8KO6S7x6LtrN0g==', {pbkdf2_salt: '', pbkdf2_iterations: 2048})],
  ['ECB without saying so', {...sealed('3wIJtPoC8KO6S7x6LtrN0g==', {}), algorithm: undefined}],
  ['CBC', sealed('LExu1rUAtIBOekslc328Lw==', {aes_cipher: 'AES-256-CBC', aes_iv: '11bc22166c8cf8560e5fa7e5c622bb0f'})],
  [
    'GCM',
    sealed('ELV56Z57KoA=', {
      aes_cipher: 'AES-256-GCM',
      aes_iv: 'a57414b88b67f977829cbdca',
      aes_auth_tag: 'adeb7dfe53027bdda5824dc524d5e55a',
      aes_auth_data: '',
    }),
  ],
])('opens a key sealed with AES-256 in %s', async (_mode, userKey) => {
  expect((await openUserKey(userKey, 'deadbeef')).publicKey.toString('hex')).toBe(USER_KEY);
  await expect(openUserKey(userKey, 'deadbeee')).rejects.toMatchObject({code: 'wallet_locked'});
});

test('a key that is not the one beside it was not opened', async () => {
  const userKey = {
    ...sealed('LExu1rUAtIBOekslc328Lw==', {aes_cipher: 'AES-256-CBC', aes_iv: '11bc22166c8cf8560e5fa7e5c622bb0f'}),
  };
  const other = {...userKey, public_key: `03${USER_KEY.slice(2)}`};
  await expect(openUserKey(other, 'deadbeef')).rejects.toMatchObject({code: 'wallet_locked'});
});

describe('a private key', () => {
  // Their SWEEP_WIF, of Litecoin's testnet.
  const WIF = 'cTj8Ydq9LhZgttMpxb7YjYSqsZ2ZfmyzVprQgjEzAzQ28frQi4ML';

  test('is read from WIF and from hex, and signs what its public key verifies', () => {
    const key = readSigningKey(WIF);
    const hash = Buffer.alloc(32, 7);
    const signature = key.sign(hash);
    expect(key.sign(hash)).toEqual(signature);
    const {signature: compact} = script.signature.decode(
      Buffer.concat([signature, Buffer.of(Transaction.SIGHASH_ALL)]),
    );
    expect(ecc.verify(hash, key.publicKey, compact)).toBe(true);
    expect(ecc.verify(Buffer.alloc(32, 8), key.publicKey, compact)).toBe(false);
    expect(readSigningKey(DTRUST_KEYS[0]!).publicKey.length).toBe(33);
  });

  test('never has an R that needs a byte more', () => {
    const key = signingKey(Buffer.alloc(32, 9));
    for (let n = 0; n < 50; n += 1) expect(key.sign(Buffer.alloc(32, n)).length).toBeLessThanOrEqual(70);
  });

  test.each([WIF.slice(0, -1), `${WIF.slice(0, -1)}1`, '', 'hello', '0'.repeat(64), 'f'.repeat(64)])(
    'is refused without being repeated (%#)',
    written => {
      expect(() => readSigningKey(written)).toThrow(expect.objectContaining({code: 'bad_key'}) as Error);
      if (written !== '') expect(() => readSigningKey(written)).not.toThrow(written);
    },
  );
});

describe('a redeem script', () => {
  const keys = DTRUST_KEYS.slice(0, 2).map(key => readSigningKey(key).publicKey.toString('hex'));

  test('is read from hex and from words', () => {
    const read = {required: 2, publicKeys: keys.map(key => Buffer.from(key, 'hex'))};
    expect(readRedeemScript(`OP_2 ${keys.join(' ')} OP_2 OP_CHECKMULTISIG`)).toEqual(read);
    expect(readRedeemScript(`2 ${keys.join(' ')} 2 OP_CHECKMULTISIG`)).toEqual(read);
    expect(readRedeemScript(`52${keys.map(key => `21${key}`).join('')}52ae`)).toEqual(read);
  });

  test.each([
    ['nothing', ''],
    ['another script', '76a914000000000000000000000000000000000000000088ac'],
    ['another check', `OP_2 ${keys.join(' ')} OP_2 OP_CHECKSIG`],
    ['a wrong count', `OP_2 ${keys.join(' ')} OP_3 OP_CHECKMULTISIG`],
    ['more required than there are', `OP_3 ${keys.join(' ')} OP_2 OP_CHECKMULTISIG`],
    ['a half key', `OP_2 ${keys[0]} 02ab OP_2 OP_CHECKMULTISIG`],
  ])('is refused when it is %s', (_what, text) => {
    expect(readRedeemScript(text)).toBeUndefined();
  });
});

test('sizes are those of complete transactions', () => {
  for (const name of ['dtrust', 'dtrust-p2sh']) {
    const {tx_hex} = signedOf(`signed-${name}`);
    const transaction = Transaction.fromHex(tx_hex);
    const type = name === 'dtrust' ? 'WITNESS_V0' : 'P2SH';
    const {expected, least} = multisigSize({type, required: 4, keys: 5});
    const rest = transaction.outs.reduce((size, {script}) => size + 9 + script.length, 10);
    const inputs = transaction.virtualSize() - rest;
    expect(inputs).toBeLessThanOrEqual(expected * transaction.ins.length + 1);
    expect(inputs).toBeGreaterThanOrEqual(least * transaction.ins.length);
  }
});

test('half of the signatures keep the txid and the size of the whole, and are found again', async () => {
  const answer = preparedOf('prepared-witness-v1');
  const signed = signedOf('signed-witness-v1');
  const transaction = Transaction.fromHex(signed.tx_hex);
  const txid = txidFromWire(transaction.getHash());
  const {public_key, signature} = signed.signatures![0]!;
  const multisig: Multisig = {...multisigOf(answer, answer.inputs[0]!.spending_address), type: 'WITNESS_V0'};
  const ours = Buffer.from(signature, 'hex');
  placeSignatures(transaction, 0, multisig, new Map([[public_key, ours]]));
  expect(txidFromWire(transaction.getHash())).toBe(txid);
  expect(readHalfSigned(Buffer.from(transaction.toBuffer()))).toEqual({
    unsigned: signed.tx_hex,
    signatures: signed.signatures,
  });
  const halfSize = transaction.virtualSize();
  placeSignatures(transaction, 0, multisig, new Map(multisig.publicKeys.map(key => [key.toString('hex'), ours])));
  expect(halfSize - transaction.virtualSize()).toBeLessThanOrEqual(1);
  expect(readHalfSigned(Buffer.from(transaction.toBuffer()))).toBeUndefined();
});
