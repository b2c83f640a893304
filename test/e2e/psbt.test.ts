import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Psbt} from 'bitcoinjs-lib';
import {afterAll, beforeAll, expect, test} from 'vitest';
import type {Page, Payout, Problem, PsbtView} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({derive: 'signer: {type: psbt, folder: ./psbt}'});
  await world.fundedCustomer('alice', '2', 4);
}, 120_000);
afterAll(() => world?.dispose());

const psbts = async () => (await world.api.get<Page<PsbtView>>('/v1/btc/psbts')).items;
const fileOf = (id: string, kind = 'psbt') => join(world.directory, 'psbt', `btc-${id}.${kind}`);
const submit = (id: string, psbt: string) =>
  world.api.request<PsbtView & Problem>('PUT', `/v1/btc/psbts/${id}`, {psbt});

/** Another wallet program with the keys: the node's wallet, which the engine is not told of. */
const sign = async (psbt: string, finalize = true): Promise<string> =>
  (await world.node.rpc<{psbt: string}>('walletprocesspsbt', [psbt, true, 'DEFAULT', true, finalize], 'hot')).psbt;

let keys = 0;
/** A payout that waits for a signature, with the one PSBT that pays it. */
const waitingPayout = async (amount = '0.1'): Promise<{payout: Payout; waiting: PsbtView}> => {
  keys += 1;
  const address = await world.outsideAddress();
  const {body} = await world.api.pay(`key-${keys}`, {account: 'alice', address, amount});
  const payout = await until(`payout ${body.id} to wait for a signature`, async () => {
    const found: Payout = await world.api.payout(body.id);
    return found.reason?.startsWith('awaiting_signature:') === true ? found : undefined;
  });
  const waiting = (await psbts()).find(({payout_ids: ids}) => ids.includes(payout.id));
  return {payout, waiting: waiting!};
};

const reaches = (id: string, status: Payout['status']) =>
  until(`payout ${id} to be ${status}`, async () => {
    const payout = await world.api.payout(id);
    return payout.status === status ? payout : undefined;
  });

const confirmed = async (id: string): Promise<void> => {
  await reaches(id, 'sent');
  await world.mine(1);
  await reaches(id, 'confirmed');
  await expectInvariants(world);
};

test('a payout waits for a signature, says so, and goes out when the signed file comes into the folder', async () => {
  const {payout, waiting} = await waitingPayout();
  expect(payout).toMatchObject({status: 'reserved', cancellable: true});
  expect(payout.reason).toContain(`a PSBT waits for a signature: ${waiting.file}`);
  expect(waiting.file).toBe(fileOf(waiting.id));
  expect(statSync(waiting.file).mode & 0o777).toBe(0o600);
  expect(readFileSync(waiting.file).toString('base64')).toBe(waiting.psbt);
  await until('the console to be told', async () =>
    (await world.api.status()).alerts.some(({text}) => text.includes('waits for somebody to sign it')),
  );
  writeFileSync(fileOf(waiting.id, 'signed.psbt'), await sign(waiting.psbt));
  await confirmed(payout.id);
  await until('the files to be put away', () => !existsSync(waiting.file));
  await until('the signed one to be kept', () => existsSync(fileOf(waiting.id, 'signed.psbt.used')));
});

test('a signature that comes over the API is enough, as hex of a finished transaction too', async () => {
  const {payout, waiting} = await waitingPayout();
  const finished = await world.node.rpc<{hex: string}>('finalizepsbt', [await sign(waiting.psbt)]);
  const answer = await submit(waiting.id, finished.hex);
  expect(answer).toMatchObject({status: 200, body: {complete: true, missing: []}});
  await confirmed(payout.id);
  const {items: audit} = await world.api.get<Page<{action: string; subject: string}>>(
    '/v1/btc/audit?action=psbt.submit',
  );
  expect(audit[0]).toMatchObject({subject: waiting.id});
});

test('signatures come in parts, are combined, and what is missing is said', async () => {
  // More than any one coin holds.
  const {payout, waiting} = await waitingPayout('0.7');
  expect(waiting.inputs).toBeGreaterThan(1);
  const part = (kept: number): string => {
    const psbt = Psbt.fromBase64(whole);
    for (const [index, input] of psbt.data.inputs.entries()) if (index !== kept) delete input.partialSig;
    return psbt.toBase64();
  };
  const whole = await sign(waiting.psbt, false);
  const first = await submit(waiting.id, part(0));
  expect(first.body).toMatchObject({complete: false, signed_inputs: 1});
  expect(first.body.missing[0]).toMatchObject({input: 1, path: expect.stringMatching(/^m\/84'\/1'\/0'\//)});
  await until('the payout to say how far it is', async () =>
    (await world.api.payout(payout.id)).reason?.includes(`1 of ${waiting.inputs} inputs signed`),
  );
  for (let index = 1; index < waiting.inputs; index++)
    writeFileSync(fileOf(waiting.id, `part-${index}.signed.psbt`), Buffer.from(part(index), 'base64'));
  await confirmed(payout.id);
});

test('what is not the planned transaction, not signed or no PSBT is refused by name', async () => {
  const {payout, waiting} = await waitingPayout();
  expect((await submit(waiting.id, 'garbage!')).body).toMatchObject({code: 'bad_psbt', field: 'psbt'});
  expect((await submit(waiting.id, waiting.psbt)).body).toMatchObject({
    code: 'bad_psbt',
    detail: 'it holds no signature',
  });
  const {inputs, outputs} = Psbt.fromBase64(waiting.psbt).data;
  expect(inputs.length * outputs.length).toBeGreaterThan(0);
  const elsewhere = await world.node.rpc<string>('createpsbt', [
    Psbt.fromBase64(waiting.psbt).txInputs.map(({hash, index}) => ({
      txid: Buffer.from(hash).reverse().toString('hex'),
      vout: index,
      sequence: 0xffff_fffd,
    })),
    [{[await world.outsideAddress()]: '0.05'}],
  ]);
  expect((await submit(waiting.id, await sign(elsewhere))).body).toMatchObject({
    code: 'psbt_differs',
    detail: 'refused: it pays other outputs than planned',
  });
  writeFileSync(fileOf(waiting.id, 'other.signed.psbt'), await sign(elsewhere));
  await until('the other file to be refused', () => existsSync(fileOf(waiting.id, 'other.signed.psbt.refused')));
  expect(readFileSync(fileOf(waiting.id, 'other.signed.psbt.refused.txt'), 'utf8')).toMatch(
    /not the planned transaction/,
  );

  await world.api.post(`/v1/btc/payouts/${payout.id}/cancel`);
  const late = await submit(waiting.id, await sign(waiting.psbt));
  expect(late).toMatchObject({status: 409, body: {code: 'psbt_stale'}});
  await until('its file to be taken back', () => !existsSync(waiting.file));
  expect((await world.api.payout(payout.id)).status).toBe('cancelled');
  await expectInvariants(world);
});

test('the engine killed, the node away, payouts paused: the same transaction still waits', async () => {
  const {payout, waiting} = await waitingPayout();
  const elsewhere = await world.outsideAddress();
  await world.engine.kill();
  await world.engine.start();
  const [again] = await until('it to wait again', async () => {
    const found = await psbts();
    return found.length > 0 ? found : undefined;
  });
  expect(again).toMatchObject({id: waiting.id, psbt: waiting.psbt});
  await world.node.stop();
  await until('the node to be missed', async () => (await world.api.status()).coins[0]?.backend.state === 'down');
  await world.node.start();
  for (const wallet of ['hot', 'outside'])
    if (!(await world.node.rpc<string[]>('listwallets')).includes(wallet)) await world.node.rpc('loadwallet', [wallet]);
  // While payouts are paused, what is planned is given up, but not what a person may be signing.
  await world.api.post('/v1/btc/payouts/pause', {reason: 'a test'});
  const {body: second} = await world.api.pay('while-paused', {account: 'alice', address: elsewhere, amount: '0.01'});
  await reaches(second.id, 'held');
  await world.api.post(`/v1/btc/payouts/${second.id}/cancel`);
  await world.api.post('/v1/btc/payouts/resume');
  expect((await psbts()).map(({id}) => id)).toEqual([waiting.id]);
  const file = join(world.directory, 'answer.psbt');
  writeFileSync(file, Buffer.from(await sign(waiting.psbt), 'base64'));
  const submitted = await world.run('psbt', 'submit', 'btc', waiting.id, file);
  expect(submitted.stdout).toContain('signed: it is verified and sent next');
  await confirmed(payout.id);
});

test('one that was sent by whoever signed it is paid once, from the moment it is seen', async () => {
  const {payout, waiting} = await waitingPayout();
  const {hex} = await world.node.rpc<{hex: string}>('finalizepsbt', [await sign(waiting.psbt)]);
  const txid = await world.node.rpc<string>('sendrawtransaction', [hex]);
  expect(await reaches(payout.id, 'sent')).toMatchObject({txid});
  const refusal = await world.api.request<Problem>('POST', `/v1/btc/payouts/${payout.id}/cancel`);
  expect(refusal.body.code).toBe('already_signed');
  await confirmed(payout.id);
});

test('one that was sent and mined before anybody looked is paid once too', async () => {
  const {payout, waiting} = await waitingPayout();
  await world.engine.stop();
  const {hex} = await world.node.rpc<{hex: string}>('finalizepsbt', [await sign(waiting.psbt)]);
  const txid = await world.node.rpc<string>('sendrawtransaction', [hex]);
  await world.mine(1);
  await world.engine.start();
  expect(await reaches(payout.id, 'confirmed')).toMatchObject({txid});
  await expectInvariants(world);
});

test('one that was made anew with another fee, and mined, is paid once too', async () => {
  const {payout, waiting} = await waitingPayout();
  interface Decoded {
    readonly tx: {
      readonly vin: readonly {txid: string; vout: number}[];
      readonly vout: readonly {value: number; scriptPubKey: {address: string}}[];
    };
  }
  const {tx} = await world.node.rpc<Decoded>('decodepsbt', [waiting.psbt]);
  const outputs = tx.vout.map(({value, scriptPubKey: {address}}) => ({
    [address]: (address === payout.address ? value : value - 0.00005).toFixed(8),
  }));
  const raw = await world.node.rpc<string>('createrawtransaction', [tx.vin, outputs]);
  const {hex} = await world.node.rpc<{hex: string}>('signrawtransactionwithwallet', [raw], 'hot');
  const txid = await world.node.rpc<string>('sendrawtransaction', [hex]);
  await world.mine(1);
  expect(await reaches(payout.id, 'confirmed')).toMatchObject({txid});
  expect(await psbts()).toEqual([]);
  await expectInvariants(world);
});

test('a bump is planned, waits for its signature, and replaces what is out', async () => {
  const {payout, waiting} = await waitingPayout();
  await submit(waiting.id, await sign(waiting.psbt));
  const {txid} = await reaches(payout.id, 'sent');
  const asked = await world.api.request<Problem>('POST', `/v1/btc/broadcasts/${txid}/bump`, {fee_rate: 20});
  expect(asked).toMatchObject({status: 409, body: {code: 'awaiting_signature'}});
  const [bump] = await psbts();
  expect(bump).toMatchObject({kind: 'bump', feerate: 20});
  await submit(bump!.id, await sign(bump!.psbt));
  const replaced = await until('the replacement to be out', async () => {
    const found = await world.api.payout(payout.id);
    return found.status === 'sent' && found.txid !== txid ? found : undefined;
  });
  expect(await world.node.rpc<string[]>('getrawmempool')).toEqual([replaced.txid]);
  await confirmed(payout.id);
  expect(await psbts()).toEqual([]);
});

test('a transaction whose coins were spent meanwhile is given up, and its late signature refused', async () => {
  const {payout, waiting} = await waitingPayout();
  const late = await sign(waiting.psbt);
  const inputs = Psbt.fromBase64(waiting.psbt).txInputs.map(({hash, index}) => ({
    txid: Buffer.from(hash).reverse().toString('hex'),
    vout: index,
  }));
  await world.node.rpc('sendall', [[await world.outsideAddress()], null, 'unset', 10, {inputs}], 'hot');
  await world.mine(1);
  await until('the plan to be given up', async () => (await world.api.payout(payout.id)).status !== 'reserved');
  expect((await submit(waiting.id, late)).body).toMatchObject({code: 'psbt_stale'});
  writeFileSync(fileOf(waiting.id, 'late.signed.psbt'), late);
  await until('the late file to be refused', () =>
    readdirSync(join(world.directory, 'psbt')).includes(`btc-${waiting.id}.late.signed.psbt.refused`),
  );
});
