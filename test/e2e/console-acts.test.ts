import {readFileSync, writeFileSync} from 'node:fs';
import Database from 'better-sqlite3';
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import {lastSeenPath} from '../../source/console/session/last-seen.ts';
import type {Delivery, Payout} from '../../source/contract/index.ts';
import {freePort} from '../support/free-port.ts';
import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {OPERATOR_STATE, TmuxScreen} from '../support/tmux-screen.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

const tmux = systemProgram('tmux', 'tmux');

/** The other button may begin with the same word. */
const ON_CANCEL = /▶ Cancel {2}/;

const DAY = 86_400_000;
const TOKEN = 'somebody-else-0123456789';

interface Spend {
  readonly vin: readonly {readonly txid: string; readonly vout: number}[];
}

describe.skipIf(tmux === undefined)('acts of the console, on a real engine and node', () => {
  let world: World;
  let listen: string;
  let aliceAddress: string;
  const screens: TmuxScreen[] = [];
  beforeAll(async () => {
    listen = `127.0.0.1:${await freePort()}`;
    world = await World.start({limits: {perPayout: '0.2'}, approvalAbove: '0.4', tcp: {listen, token: TOKEN}});
    aliceAddress = await world.fundedCustomer('alice', '2.0', 4);
  });
  afterAll(() => world?.dispose());
  afterEach(async () => {
    for (const screen of screens.splice(0)) await screen.close();
  });

  const open = async ({looksOn = false} = {}): Promise<TmuxScreen> => {
    const screen = await TmuxScreen.start(tmux!, [...programCommand(), world.config.path]);
    screens.push(screen);
    await screen.shows(/RUNNING|DEGRADED/);
    if (!looksOn) await until('control', async () => !(await screen.text()).includes('READ ONLY'));
    return screen;
  };
  const outside = () => world.node.rpc<string>('getnewaddress', [], 'outside');
  const payout = async (amount: string, address?: string): Promise<Payout> =>
    world.api.post<Payout>(
      '/v1/btc/payouts',
      {account: 'alice', address: address ?? (await outside()), amount},
      {'idempotency-key': `key-${Math.random()}`},
    );
  const statusOf = async (id: string) => (await world.api.get<Payout>(`/v1/btc/payouts/${id}`)).status;
  const audit = async () =>
    (await world.api.all<{action: string; command?: string; client?: string}>('/v1/btc/audit')).map(
      ({client, command}) => `${client ?? ''}: ${command ?? ''}`,
    );

  /** A block with another spend of a transaction's coins, from the node's own wallet, back to us. */
  const spendByHand = async (txid: string): Promise<void> => {
    const {node} = world;
    const {vin} = await node.rpc<Spend>('getrawtransaction', [txid, true]);
    const coins = await Promise.all(
      vin.map(({txid, vout}) => node.rpc<{value: number}>('gettxout', [txid, vout, false])),
    );
    const sum = coins.reduce((all, {value}) => all + value, 0);
    const outputs = [{[aliceAddress]: (sum - 0.001).toFixed(8)}];
    const inputs = vin.map(({txid, vout}) => ({txid, vout}));
    const raw = await node.rpc<string>('createrawtransaction', [inputs, outputs]);
    const {hex} = await node.rpc<{hex: string}>('signrawtransactionwithwallet', [raw], 'hot');
    await node.rpc('sendrawtransaction', [hex]);
    await world.mine(1);
  };
  const deliveries = async (status: Delivery['status']) =>
    world.api.all<Delivery>(`/v1/btc/deliveries?status=${status}`);
  /** The head of the sink's queue after three days of failures, which are made to have passed. */
  const givenUp = async (): Promise<Delivery> => {
    await until('an attempt in vain', async () => (await deliveries('retrying')).length > 0);
    await world.engine.stop();
    const ledger = new Database(world.config.ledger);
    ledger
      .prepare('UPDATE delivery SET attempts = 50, first_attempt_at = first_attempt_at - ?, next_attempt_at = 0')
      .run(4 * DAY);
    ledger.close();
    await world.engine.start();
    return until('it to be given up', async () => (await deliveries('dead'))[0]);
  };

  /** Types a line after `:`, and opens what it names. */
  const command = async (screen: TmuxScreen, line: string, shows: RegExp) => {
    await screen.press(':');
    await screen.shows(/━ Command ━/);
    for (const word of line.split(' ')) await screen.press(...Array.from(word), 'Space');
    await until('the command to open', async () => {
      if (/━ Command ━/.test(await screen.text())) await screen.press('Enter');
      return shows.test(await screen.text());
    });
  };
  /** From Cancel to the other button, which is deaf at first, and through. */
  const confirm = async (screen: TmuxScreen, verb: string) => {
    await screen.shows(ON_CANCEL);
    await until(`the button ${verb}`, async () => {
      const text = await screen.text();
      if (ON_CANCEL.test(text)) await screen.press('Tab');
      return !ON_CANCEL.test(text) && text.includes(`▶ ${verb}`);
    });
    await screen.press('Enter');
  };

  test('a held payout is cancelled, another one released, each with its command line in the audit log', async () => {
    const [one, two] = [await payout('0.3'), await payout('0.25')];
    const screen = await open();
    await screen.shows(/HELD limit/);
    // Keys in one burst decide nothing.
    await screen.press('c', 'Tab', 'Enter');
    await screen.shows(/Cancel payout/);
    expect(await statusOf(one.id)).toBe('held');
    await screen.press('Escape');
    await command(screen, `payout cancel btc ${one.id}`, /━ Cancel payout/);
    await confirm(screen, 'Cancel the payout');
    await screen.shows(new RegExp(`payout ${one.id} is cancelled`));
    await command(screen, `payout release btc ${two.id}`, /━ Release payout/);
    await confirm(screen, 'Release it');
    await until('it to be sent', async () => (await statusOf(two.id)) === 'sent');
    expect(await audit()).toEqual(
      expect.arrayContaining([
        `console: cryptoassets-console payout cancel btc ${one.id}`,
        `console: cryptoassets-console payout release btc ${two.id}`,
      ]),
    );
  });

  test('a detail tells of signing, the answer of the node, the mempool and the application', async () => {
    const {id} = await payout('0.05');
    await until('it to be sent', async () => (await statusOf(id)) === 'sent');
    const screen = await open();
    await command(screen, `payout show btc ${id}`, /━ Payout/);
    await screen.shows(/signed; the bytes are stored/);
    await screen.shows(/sent, the node said: accepted/);
    await screen.press('G');
    await screen.shows(/Raw transaction/);
    await screen.shows(/✓ shop/);
    const {txid} = await world.api.get<Payout>(`/v1/btc/payouts/${id}`);
    await screen.press('g', 'y');
    await screen.shows(/copied full txid \(64 chars\)/);
    await screen.press('Enter');
    await screen.shows(/━ Broadcast/);
    await screen.shows(new RegExp(txid!.slice(0, 24).replaceAll(/(.{4})(?=.)/g, '$1 ')));
  });

  test('payouts are paused and resumed, a fee is bumped', async () => {
    const screen = await open();
    await command(screen, 'payouts pause btc', /━ Pause all BTC payouts/);
    await confirm(screen, 'Pause them');
    const {id} = await payout('0.07');
    await screen.shows(/paused by a person/);
    expect(await statusOf(id)).not.toBe('sent');
    await command(screen, 'payouts resume btc', /━ Resume BTC payouts/);
    await confirm(screen, 'Resume them');
    await until('it to be sent', async () => (await statusOf(id)) === 'sent');
    const {txid} = await world.api.get<Payout>(`/v1/btc/payouts/${id}`);
    await command(screen, `broadcast bump btc ${txid} 25`, /━ Bump the fee/);
    await confirm(screen, 'Bump it');
    await screen.shows(/bumped to \d/);
  });

  test('a new address and a payout are made by their forms', async () => {
    const screen = await open();
    await screen.press('a');
    await screen.shows(/━ New address/);
    await screen.press(...Array.from('alice'), 'Tab', ...Array.from('desk'));
    await until('the form to go on', async () => {
      if (/━ New address/.test(await screen.text())) await screen.press('Enter');
      return ON_CANCEL.test(await screen.text());
    });
    await confirm(screen, 'Make it');
    await screen.shows(/new address of alice: bcrt1/);
    const address = await outside();
    await command(screen, `send btc alice ${address} 0.011`, /━ New payout/);
    await until('the form to go on', async () => {
      if (/━ New payout/.test(await screen.text())) await screen.press('Enter');
      return ON_CANCEL.test(await screen.text());
    });
    await confirm(screen, 'Pay');
    await screen.shows(/payout \d+ of 0\.01100000 is queued/);
  });

  test('a sink is paused, says so, and is resumed', async () => {
    const screen = await open();
    await screen.press('4', 'p');
    await confirm(screen, 'Pause it');
    await screen.shows(/sink shop is paused;/);
    await screen.press('p');
    await confirm(screen, 'Resume it');
    await until('it to deliver', async () => {
      const sinks = (await world.api.status()).sinks as readonly {readonly state: string}[];
      return sinks.every(({state}) => state === 'ok');
    });
  });

  test('what a token asked for waits for a second person, who approves it here', async () => {
    const response = await fetch(`http://${listen}/v1/btc/payouts`, {
      method: 'POST',
      headers: {authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'idempotency-key': 'large'},
      body: JSON.stringify({account: 'alice', address: await outside(), amount: '0.45'}),
    });
    const {id} = (await response.json()) as Payout;
    const screen = await open();
    await screen.shows(/HELD approval/);
    await command(screen, `payout show btc ${id}`, /━ Payout/);
    await screen.shows(/v approve/);
    await screen.press('v');
    await screen.shows(/━ Approve payout/);
    await confirm(screen, 'Approve it');
    await screen.shows(new RegExp(`payout ${id} is approved`));
    await until('it to be sent', async () => (await statusOf(id)) === 'sent');
    await world.mine(1);
  });

  test('a payout whose coins were spent by hand is paid once more, but not before that is final', async () => {
    const address = await outside();
    const {id} = await payout('0.06', address);
    const {txid} = await until('it to be sent', async () => {
      const found = await world.api.payout(id);
      return found.status === 'sent' ? found : undefined;
    });
    await spendByHand(txid!);
    await until('the conflict', async () => (await statusOf(id)) === 'conflicted');
    const screen = await open();
    await screen.shows(/CONFLICT/);
    await command(screen, `payout show btc ${id}`, /━ Payout/);
    await screen.shows(/o pay once more/);
    await screen.press('o');
    await screen.shows(/━ Pay payout \d+ once more/);
    await confirm(screen, 'Pay it again');
    await screen.shows(/lost to has \d of 8 confirmations/);
    expect(await statusOf(id)).toBe('conflicted');

    await world.mine(8);
    await world.caughtUp();
    const {drift} = await until('the drift of what was spent', async () => {
      const books = await world.api.books();
      return books.suspects === undefined ? undefined : books;
    });
    await world.run('adjust', 'btc', drift, '--account', 'network_fee', '--reason', 'spent by hand');
    await screen.press('o');
    await screen.shows(/━ Pay payout \d+ once more/);
    await confirm(screen, 'Pay it again');
    await screen.shows(new RegExp(`payout ${id} is paid once more`));
    await until('it to be sent again', async () => (await statusOf(id)) === 'sent');
    await world.mine(1);
    await until('it to be confirmed', async () => (await statusOf(id)) === 'confirmed');
    expect(await world.node.rpc<number>('getreceivedbyaddress', [address, 0], 'outside')).toBe(0.06);
    expect(await audit()).toContain(`console: cryptoassets-console payout repay btc ${id}`);
  });

  test('an event that was given up is sent again', async () => {
    world.receiver.answer = () => 500;
    await payout('0.012');
    const parked = await givenUp();
    world.receiver.answer = () => 200;
    const screen = await open();
    await screen.press('4', 'R');
    await screen.shows(new RegExp(`━ Send event ${parked.sequence} again to shop`));
    await confirm(screen, 'Send it again');
    await screen.shows(new RegExp(`event ${parked.sequence} is sent to shop again`));
    await until('the endpoint to have it', () => world.receiver.accepted.some(({id}) => id === parked.event_id));
  });

  test('who comes back reads what happened in the meantime', async () => {
    // A console that leaves remembers, and then says goodbye.
    await until('the others to have left', async () => (await world.api.status()).consoles.length === 0);
    const path = lastSeenPath(world.config.path, {XDG_STATE_HOME: OPERATOR_STATE});
    writeFileSync(path, JSON.stringify({at: Date.now() - DAY, sequences: {btc: 0}}));
    const screen = await open();
    await screen.shows(/while you were away \(1d00h\): .*1 payout conflicted · .*\d+ deposits? credited/);
    // The next answer takes its line, and W tells it again.
    await screen.press('y');
    await screen.shows(/copied/);
    await screen.press('W');
    await screen.shows(/while you were away: .*1 payout conflicted/);
  });

  test('of two consoles one has control; the other one looks on until it takes it', async () => {
    await until('the others to have left', async () => (await world.api.status()).consoles.length === 0);
    const first = await open();
    await until('the first to attend', async () => (await world.api.status()).consoles.length === 1);
    const second = await open({looksOn: true});
    await second.shows(/READ ONLY/);
    await second.press('r');
    await second.shows(/refused: .* has control; C takes it/);
    await second.press('C');
    await second.shows(/this console has control/);
    await first.shows(/READ ONLY/);
    await second.press('r');
    await second.shows(/estimate/);
    // Its terminal goes away: control is given back, before the engine would take it from one that is silent.
    await second.close();
    screens.splice(screens.indexOf(second), 1);
    await until('the first to have it again', async () => !(await first.text()).includes('READ ONLY'), {timeout: 8000});
  });

  test('an engine that is killed: a banner, refused keys; another one, and it is attached to it again', async () => {
    const screen = await open();
    await world.engine.kill();
    await screen.shows(/NO ENGINE for \d+s/, {timeout: 20_000});
    await screen.press('r');
    await screen.shows(/refused: what you see may be out of date/);
    await world.engine.start();
    await screen.shows(/RUNNING|DEGRADED/);
    await screen.press('C-c');
    await screen.shows(/Ctrl-C again: leave; the engine goes on/);
    await screen.press('C-c');
    await screen.shows(/ended with 0/);
    expect((await world.api.health()).status).toBe(200);
    expect(readFileSync(world.config.log, 'utf8')).not.toContain('console failed');
  });
});
