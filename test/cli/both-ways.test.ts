import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {OutputStream} from '../../source/commands/shell/output.ts';
import {run} from '../../source/commands/shell/run.ts';
import {createSupplies} from '../../source/compose.ts';
import type {AuditEntry, Page} from '../../source/contract/index.ts';
import {serveEngine, type ServedEngine} from '../api/served-engine.ts';
import {until} from '../support/until.ts';

let served: ServedEngine;
let payoutId: string;
let txid: string;

class Recorder implements OutputStream {
  text = '';
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  on(): void {
    // Nothing goes wrong here.
  }
}

/** One command line of the real program, on the real engine or the real ledger. */
const cli = async (...argv: string[]) => {
  const stdout = new Recorder();
  const stderr = new Recorder();
  const code = await run([...argv, '--config', served.config.path], {
    stdout,
    stderr,
    environment: {},
    isTerminal: false,
    createSupplies: async () => createSupplies(),
  });
  return {code, stdout: stdout.text, stderr: stderr.text};
};

/** The one JSON value on stdout. */
const json = async (...argv: string[]): Promise<unknown> => {
  const {code, stdout, stderr} = await cli(...argv, '--json');
  expect({argv, code, stderr}).toEqual({argv, code: 0, stderr: ''});
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout);
};

beforeAll(async () => {
  served = await serveEngine();
  const {api, node} = served;
  await api.createAccount('shop');
  await api.createAccount('till');
  await node.rpc('sendtoaddress', [await api.createAddress('shop'), '2'], 'outside');
  const outside = await node.rpc<string>('getnewaddress', [], 'outside');
  await node.rpc('generatetoaddress', [1, outside]);
  await until('the deposit to be credited', async () => (await api.account('shop')).balance === '2.00000000');
  payoutId = (await api.pay('one', {account: 'shop', address: outside, amount: '0.5'})).body.id;
  txid = (await until('the payout to be sent', async () => (await api.payout(payoutId)).txid))!;
  // Deep enough for everything to rest: what the engine and the ledger say is compared below.
  await node.rpc('generatetoaddress', [4, outside]);
  await until('the payout to be settled', async () => (await api.payout(payoutId)).status === 'settled');
});
afterAll(async () => served?.dispose());

const READING = (): string[][] => [
  ['account', 'list', 'btc'],
  ['account', 'show', 'btc', 'shop'],
  ['address', 'list', 'btc', '--account', 'shop'],
  ['deposits', 'btc', '--account', 'shop', '--status', 'settled'],
  ['payouts', 'btc', '--key', 'one'],
  ['payout', 'show', 'btc', payoutId],
  ['transfers', 'btc'],
  ['transactions', 'btc', '--account', 'shop'],
  ['broadcasts', 'btc', '--status', 'settled'],
  ['broadcast', 'show', 'btc', txid],
  ['jobs', 'btc'],
  ['events', 'btc', '--limit', '5'],
  ['deliveries', 'btc'],
  ['audit', 'btc'],
];

/** Verbs that write, each with what the audit log calls it. */
const WRITING = (): [action: string | undefined, argv: string[]][] => [
  [undefined, ['account', 'create', 'btc', 'new']],
  ['transfer.create', ['move', 'btc', '0.01', '--from', 'shop', '--to', 'till']],
  ['account.freeze', ['account', 'freeze', 'btc', 'till']],
  ['account.unfreeze', ['account', 'unfreeze', 'btc', 'till']],
];

describe('the same verbs on the engine and, when none runs, on the ledger', () => {
  const answers: unknown[] = [];

  const write = async () => {
    for (const [action, argv] of WRITING()) {
      await json(...argv);
      const {items} = (await json('audit', 'btc', '--limit', '1')) as Page<AuditEntry>;
      const command = `cryptoassets-console ${argv.join(' ')} --json --config ${served.config.path}`;
      const [, ...words] = command.split(' ');
      if (action === undefined) {
        expect(items[0]?.command ?? '').not.toContain(argv.join(' '));
        continue;
      }
      expect(items[0]).toMatchObject({actor: 'local', client: 'cli', action});
      expect(items[0]!.command!.split(' ').slice(1).sort()).toEqual(words.sort());
    }
  };

  test('with an engine', async () => {
    await write();
    for (const argv of READING()) answers.push(await json(...argv));
    expect((await cli('account', 'show', 'btc', 'nobody')).code).toBe(1);
    expect((await cli('payout', 'cancel', 'btc', payoutId)).code).toBe(1);
  });

  test('without one the ledger gives the same answers', async () => {
    await served.stop();
    for (const [index, argv] of READING().entries()) {
      const answer = await json(...argv);
      // The stop itself is audited.
      if (argv[0] === 'audit') (answer as Page<AuditEntry>).items.splice(0, 1);
      expect({argv, answer}).toEqual({argv, answer: answers[index]});
    }
    expect((await cli('account', 'show', 'btc', 'nobody')).code).toBe(1);
    expect((await cli('payout', 'cancel', 'btc', payoutId)).code).toBe(1);
    await write();
  });

  test('check finds the audit log in order afterwards', async () => {
    const {stdout} = await cli('check');
    expect(stdout).toMatch(/^ok +btc audit log +every entry follows from the one before$/m);
  });
});
