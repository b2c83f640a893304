import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest';
import {readSigningKey} from '../../../source/backends/blockio/signing-key.ts';
import type {BlockIoWalletConfig} from '../../../source/config/config.ts';
import {API_KEY, PIN} from '../../support/blockio-account.ts';
import {BlockIoServer, type Reply} from '../../support/blockio-server.ts';
import {DTRUST, openBlockIo, openPinnedBlockIo, type OpenBlockIo, type OpenOptions} from '../../support/blockio.ts';

let server: BlockIoServer;
const opened: OpenBlockIo[] = [];
beforeAll(async () => {
  server = await BlockIoServer.start();
});
beforeEach(() => server.reset());
afterEach(async () => {
  for (const one of opened.splice(0)) await one.network.close();
});
afterAll(() => server.close());

const keep = (one: OpenBlockIo): OpenBlockIo['wallet']['addresses'] => {
  opened.push(one);
  return one.wallet.addresses;
};
const open = (options: OpenOptions = {}) => keep(openBlockIo(server, options));
const openPinned = async (options: OpenOptions = {}) => keep(await openPinnedBlockIo(server, options));

test('a basic address is one of two keys by its form, on the right network; change is asked for the same way', async () => {
  const addresses = await openPinned();
  const first = await addresses.newAddress();
  const change = await addresses.newChangeAddress();
  expect(first).toMatch(/^bcrt1q[0-9a-z]{58}$/);
  expect(change).not.toBe(first);
  expect(server.asked('get_new_address')).toEqual([{address_type: 'WITNESS_V0'}, {address_type: 'WITNESS_V0'}]);
});

test('the API key goes in the body and never in a URL', async () => {
  await (await openPinned()).newAddress();
  expect(server.calls.length).toBeGreaterThan(0);
  for (const {url} of server.calls) expect(url).not.toContain(API_KEY);
});

test('a dtrust address is made again from our keys and block.io’s, which are told in its script', async () => {
  const addresses = await openPinned({wallet: DTRUST});
  expect(await addresses.newAddress()).toMatch(/^bcrt1q[0-9a-z]{58}$/);
  const [asked] = server.asked('get_new_dtrust_address');
  const ours = DTRUST.keys.map(key => readSigningKey(key).publicKey.toString('hex'));
  // Two of ours are required: block.io adds one for itself to the number it is asked for.
  expect(asked).toMatchObject({public_keys: ours.join(','), required_signatures: 1, address_type: 'witness_v0'});
});

const FIRST_ADDRESS = /^blockio:BTCTEST:basic:address:bcrt1[0-9a-z]+$/;
const BY_KEY: BlockIoWalletConfig = {type: 'basic', pin: undefined, key: 'c3'.repeat(32)};

test.each<[what: string, wallet: BlockIoWalletConfig, fingerprints: RegExp[]]>([
  ['its keys', DTRUST, [/^blockio:BTCTEST:2-of-3:key:0[23]/, /^blockio:BTCTEST:2-of-3:key:0[23][0-9a-f]{64}$/]],
  ['its key and its first address', BY_KEY, [/^blockio:BTCTEST:2-of-2:key:0[23][0-9a-f]{64}$/, FIRST_ADDRESS]],
  ['its first address, where only the PIN is given', {type: 'basic', pin: PIN, key: undefined}, [FIRST_ADDRESS]],
])('a wallet is known by %s', async (_what, wallet, fingerprints) => {
  const found = await open({wallet}).walletFingerprints();
  expect(found).toEqual(fingerprints.map(fingerprint => expect.stringMatching(fingerprint) as string));
});

test('another account with the same key is another wallet; one that was pinned by its key alone stays it', async () => {
  const [key, first] = (await open({wallet: BY_KEY}).walletFingerprints()) as [string, string];
  const other = open({wallet: BY_KEY, walletFingerprints: [key, `${first}x`]});
  await expect(other.newAddress()).rejects.toMatchObject({code: 'wallet_mismatch'});
  expect(await open({wallet: BY_KEY, walletFingerprints: [key]}).newAddress()).toMatch(/^bcrt1/);
});

test('an older ledger, which pinned the key alone, opens also where the account has no such address', async () => {
  const [key] = (await open({wallet: BY_KEY}).walletFingerprints()) as [string];
  server.reply['get_address_by_label'] = {
    with: {status: 404, body: '{"status":"fail","data":{"error_message":"Label does not exist."}}'},
  };
  const addresses = open({wallet: BY_KEY, walletFingerprints: [key]});
  expect(await addresses.walletFingerprints()).toEqual([key]);
  await addresses.newAddress();
});

test('a wallet pinned when only its PIN was given is the same with its key', async () => {
  const pinned = await open().walletFingerprints();
  expect(await open({wallet: BY_KEY, walletFingerprints: pinned}).newAddress()).toMatch(/^bcrt1/);
});

test('no address before a wallet is pinned, and none of another account', async () => {
  await expect(open().newAddress()).rejects.toMatchObject({code: 'wallet_mismatch'});
  const other = open({walletFingerprints: ['blockio:BTCTEST:basic:address:bcrt1qelse']});
  await expect(other.newAddress()).rejects.toMatchObject({code: 'wallet_mismatch'});
  expect(server.asked('get_new_address')).toEqual([]);
});

test('a pinned wallet is not doubted while block.io is away, so that deposits are found all the same', async () => {
  const pinned = await open().walletFingerprints();
  const addresses = open({walletFingerprints: pinned, url: 'http://127.0.0.1:1'});
  expect(await addresses.walletFingerprints()).toEqual(pinned);
  await expect(addresses.newAddress()).rejects.toMatchObject({code: 'backend_down'});
  await expect(open({url: 'http://127.0.0.1:1'}).walletFingerprints()).rejects.toMatchObject({code: 'backend_down'});
});

test('an API key of another network is told, with both names', async () => {
  server.network = 'LTCTEST';
  await expect(open().walletFingerprints()).rejects.toMatchObject({
    code: 'wallet_mismatch',
    field: 'coins.btc.backend.api_key',
    message: expect.stringMatching(/is for LTCTEST at .*asks for BTCTEST/) as string,
  });
});

test('a refused API key is told without repeating it', async () => {
  const addresses = open({apiKey: 'dead-beef-dead-beef'});
  await expect(addresses.walletFingerprints()).rejects.toMatchObject({
    code: 'backend_auth',
    field: 'coins.btc.backend.api_key',
    message: expect.not.stringContaining('dead-beef') as string,
  });
});

const OTHER_NETWORK = 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7';
const SINGLE_KEY = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const STRANGERS = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';

test.each([
  ['of another network', OTHER_NETWORK],
  ['of another kind than asked for', SINGLE_KEY],
  ['that is none', 'bcrt1qnonsense'],
])('a basic address %s is refused', async (_what, address) => {
  const addresses = await openPinned();
  server.twist['get_new_address'] = data => ({...data, address});
  await expect(addresses.newAddress()).rejects.toMatchObject({code: 'bad_backend_answer'});
});

const stranger = readSigningKey('d4'.repeat(32)).publicKey.toString('hex');

test.each<[what: string, (data: Record<string, unknown>) => Record<string, unknown>]>([
  ['of another network', data => ({...data, address: OTHER_NETWORK})],
  ['that its script does not make', data => ({...data, address: STRANGERS})],
  ['without its script', ({redeem_script: _none, ...data}) => data],
  ['with a script that is none', data => ({...data, redeem_script: '76a914'})],
  ['whose keys are not ours', data => ({...data, redeem_script: `OP_2 ${stranger} ${stranger} OP_2 OP_CHECKMULTISIG`})],
  [
    'with a stranger’s key instead of one of ours',
    data => {
      const ours = readSigningKey(DTRUST.keys[0]!).publicKey.toString('hex');
      return {...data, redeem_script: String(data['redeem_script']).replace(ours, stranger)};
    },
  ],
  [
    'that needs more signatures',
    data => ({...data, redeem_script: String(data['redeem_script']).replace(/^52/, '53')}),
  ],
])('a dtrust address %s is refused', async (_what, lie) => {
  const addresses = await openPinned({wallet: DTRUST});
  server.twist['get_new_dtrust_address'] = lie;
  await expect(addresses.newAddress()).rejects.toMatchObject({code: 'bad_backend_answer'});
});

test('a dtrust address is refused whose script makes it, but of a stranger’s keys', async () => {
  const addresses = await openPinned({wallet: DTRUST});
  const strangers = await openPinned({
    wallet: {type: 'dtrust', keys: ['e5'.repeat(32), 'f6'.repeat(32)], scripts: `${DTRUST.scripts}-theirs`},
  });
  let theirs: Record<string, unknown> = {};
  server.twist['get_new_dtrust_address'] = data => (theirs = data);
  await strangers.newAddress();
  server.twist['get_new_dtrust_address'] = () => theirs;
  await expect(addresses.newAddress()).rejects.toMatchObject({
    code: 'bad_backend_answer',
    message: expect.stringContaining('keys that are not ours') as string,
  });
});

const html = (status: number): Reply => ({status, body: '<html>busy</html>', contentType: 'text/html'});

test.each<[what: string, reply: Reply, code: string]>([
  ['a fail', {status: 404, body: '{"status":"fail","data":{"error_message":"No.\\u202e"}}'}, 'backend_refused'],
  [
    'a fail with a good status',
    {status: 200, body: '{"status":"fail","data":{"error_message":"No."}}'},
    'backend_refused',
  ],
  [
    'a rate limit',
    {status: 429, body: '{"status":"fail","data":{"error_message":"Rate limit."}}'},
    'backend_overloaded',
  ],
  [
    'a rate limit in words',
    {status: 404, body: '{"status":"fail","data":{"error_message":"Too many requests."}}'},
    'backend_overloaded',
  ],
  ['a 404 without JSON', html(404), 'bad_backend_answer'],
  ['a 502', html(502), 'backend_down'],
  ['garbage', {status: 200, body: '{"status":"succ'}, 'bad_backend_answer'],
  ['nothing', {status: 200, body: ''}, 'bad_backend_answer'],
  ['null', {status: 200, body: 'null'}, 'bad_backend_answer'],
  ['a list', {status: 200, body: '[]'}, 'bad_backend_answer'],
  ['success without data', {status: 200, body: '{"status":"success"}'}, 'bad_backend_answer'],
  [
    'success with an error’s status',
    {status: 500, body: '{"status":"success","data":{"network":"BTCTEST"}}'},
    'backend_down',
  ],
  ['an answer without end', {status: 200, body: `"${'x'.repeat(9_000_000)}"`}, 'bad_backend_answer'],
  ['silence', 'silence', 'backend_timeout'],
])('%s is told for what it is', async (_what, reply, code) => {
  const addresses = await openPinned({timeout: 1_000});
  server.reply['get_new_address'] = {with: reply};
  const failure: unknown = await addresses.newAddress().catch((error: unknown) => error);
  expect(failure).toMatchObject({code});
  expect((failure as Error).message).not.toMatch(/[\u202e\n]/);
});

test('a secret that block.io repeats is not told on', async () => {
  const addresses = await openPinned();
  const body = JSON.stringify({status: 'fail', data: {error_message: `Bad call with ${API_KEY} and ${PIN}.`}});
  server.reply['get_new_address'] = {with: {status: 404, body}};
  await expect(addresses.newAddress()).rejects.toThrow('Bad call with … and ….');
});
