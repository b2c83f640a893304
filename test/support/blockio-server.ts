import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {payments} from 'bitcoinjs-lib';
import {addressOf} from '../../source/coins/index.ts';
import {regtest} from './bitcoind.ts';
import {API_KEY, publicKeyOf, sealedKey, sha256, sumOf, toSatoshi, toText, userKey} from './blockio-account.ts';
import {coSign, Refused, type Submission} from './blockio-cosigner.ts';
import {type RegtestNode, RpcRefusal} from './regtest-node.ts';

type Data = Record<string, unknown>;
type Question = Readonly<Record<string, unknown>>;

interface Entry {
  readonly address: string;
  readonly label: string;
  readonly kind: 'basic' | 'dtrust';
  readonly type: 'WITNESS_V0' | 'P2SH';
  readonly required: number;
  /** In the order of the script. */
  readonly publicKeys: readonly Buffer[];
  /** The key that block.io holds. */
  readonly theirs: Buffer;
}

/** An answer instead of the right one: bytes as they are, or nothing at all until the server ends. */
export type Reply = {readonly status: number; readonly body: string; readonly contentType?: string} | 'silence';

/**
 * Answers as block.io's documentation says that it does, for an account whose coins are those of a regtest node: it holds
 * the second key, checks our signatures, adds its own, and hands the whole to the node. Whatever it is told to twist or
 * to reply instead, it does.
 */
export class BlockIoServer {
  network = 'BTCTEST';
  /** The private key of the account's user, which the PIN opens. */
  readonly userKey = userKey();
  readonly calls: {readonly method: string; readonly question: Question; readonly url: string}[] = [];
  /** By method: changes `data` of the right answer. */
  readonly twist: Record<string, ((data: Data) => Data) | undefined> = {};
  /** By method: stands in for the right answer, which is worked out all the same when `afterwards`. */
  readonly reply: Record<string, {readonly with: Reply; readonly afterwards?: boolean} | undefined> = {};
  readonly #node: RegtestNode | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #server: Server;
  #keys = 0;

  private constructor(node: RegtestNode | undefined) {
    this.#node = node;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#make({kind: 'basic', type: 'WITNESS_V0', label: 'default', required: 2}, [publicKeyOf(this.userKey)]);
  }

  /** Without a node it has no coins and broadcasts nothing. */
  static async start(node?: RegtestNode): Promise<BlockIoServer> {
    const server = new BlockIoServer(node);
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every address of the account. */
  get addresses(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** What was asked of a method, oldest first. */
  asked(method: string): Question[] {
    return this.calls.filter(call => call.method === method).map(({question}) => question);
  }

  /** Tells the truth again, and forgets what was asked. */
  reset(): void {
    for (const method of Object.keys(this.twist)) this.twist[method] = undefined;
    for (const method of Object.keys(this.reply)) this.reply[method] = undefined;
    this.calls.length = 0;
    this.network = 'BTCTEST';
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const method = /^\/api\/v2\/(\w+)$/.exec(request.url ?? '')?.[1] ?? '';
    const {api_key, ...question} = JSON.parse(text) as Question;
    this.calls.push({method, question, url: request.url ?? ''});
    const instead = this.reply[method];
    const {status, body, contentType} =
      instead === undefined || instead.afterwards === true
        ? await this.#answer(method, question, api_key)
        : {status: 0, body: '', contentType: ''};
    if (instead === undefined) response.writeHead(status, {'content-type': contentType}).end(body);
    else if (instead.with !== 'silence')
      response
        .writeHead(instead.with.status, {'content-type': instead.with.contentType ?? 'application/json'})
        .end(instead.with.body);
  }

  async #answer(method: string, question: Question, apiKey: unknown) {
    const json = (status: number, body: unknown) => ({
      status,
      body: JSON.stringify(body),
      contentType: 'application/json; charset=utf-8',
    });
    try {
      if (apiKey !== API_KEY)
        throw new Refused(
          "API Key invalid or you have not enabled API access for this machine's IP address(es). Check that your API Keys are correct, and that you have enabled API access for this machine's IP Address(es) on your account's Settings page.",
        );
      const data = {network: this.network, ...(await this.#data(method, question))};
      return json(200, {status: 'success', data: this.twist[method]?.(data) ?? data});
    } catch (error) {
      // Its own node is away: it cannot tell, and says so as a web server does.
      if (!(error instanceof Refused || error instanceof RpcRefusal)) return json(500, String(error));
      return json(404, {status: 'fail', data: {error_message: error.message}});
    }
  }

  async #data(method: string, question: Question): Promise<Data> {
    switch (method) {
      case 'get_balance':
        return {available_balance: '0.00000000', pending_received_balance: '0.00000000'};
      case 'get_address_by_label':
        return this.#byLabel(String(question['label']));
      case 'get_new_address':
        return this.#tell(
          this.#make({kind: 'basic', type: 'WITNESS_V0', label: `label${this.#keys}`, required: 2}, [
            publicKeyOf(this.userKey),
          ]),
        );
      case 'get_new_dtrust_address':
        return this.#newDtrust(question);
      case 'prepare_transaction':
        return this.#prepare(question, 'basic');
      case 'prepare_dtrust_transaction':
        return this.#prepare(question, 'dtrust');
      case 'submit_transaction':
        return this.#submit(question['transaction_data'] as Submission);
      default:
        throw new Refused(`Method ${method} not found`);
    }
  }

  #byLabel(label: string): Data {
    const entry = [...this.#entries.values()].find(one => one.label === label);
    if (entry === undefined) throw new Refused(`Label does not exist on your account for Network=${this.network}.`);
    return this.#tell(entry);
  }

  #newDtrust(question: Question): Data {
    const keys = String(question['public_keys']).split(',');
    const asked = Number(question['required_signatures']);
    if (keys.length < asked || new Set(keys).size !== keys.length) throw new Refused('Invalid signers.');
    const publicKeys = keys.map(key => Buffer.from(key, 'hex'));
    const type = question['address_type'] === 'witness_v0' ? 'WITNESS_V0' : 'P2SH';
    const entry = this.#make({kind: 'dtrust', type, label: String(question['label']), required: asked + 1}, publicKeys);
    const redeem = this.#redeem(entry);
    return {
      ...this.#tell(entry),
      additional_required_signatures: asked,
      redeem_script: Buffer.from(redeem.output!).toString('hex'),
    };
  }

  #tell({address, label}: Entry): Data {
    return {user_id: this.#entries.size, address, label};
  }

  #make(of: Pick<Entry, 'kind' | 'type' | 'label' | 'required'>, others: readonly Buffer[]): Entry {
    this.#keys += 1;
    const theirs = sha256(`key ${this.#keys} of block.io`);
    const publicKeys = [publicKeyOf(theirs), ...others];
    const entry = {...of, publicKeys, theirs, address: ''};
    const redeem = this.#redeem(entry);
    const {output} = of.type === 'P2SH' ? payments.p2sh({redeem}) : payments.p2wsh({redeem});
    const made = {...entry, address: addressOf(output!, regtest)!};
    this.#entries.set(made.address, made);
    return made;
  }

  #redeem({required, publicKeys}: Pick<Entry, 'required' | 'publicKeys'>) {
    return payments.p2ms({m: required, pubkeys: [...publicKeys]});
  }

  /** Chooses among the coins itself, as block.io does. */
  async #prepare(question: Question, kind: Entry['kind']): Promise<Data> {
    const from = String(question['from_addresses']).split(',');
    if (from.some(address => this.#entries.get(address)?.kind !== kind))
      throw new Refused(`One or more source addresses are not on your account for Network=${this.network}.`);
    const wanted = toSatoshi(String(question['amounts']));
    const coins = (await this.#coinsOf(from)).sort((one, other) => other.amount - one.amount);
    const fee = 1_000 + coins.length * 100;
    const chosen: typeof coins = [];
    for (const coin of coins) if (sumOf(chosen) < wanted + fee) chosen.push(coin);
    if (sumOf(chosen) < wanted + fee)
      throw new Refused(
        `Cannot withdraw funds without Network Fee of ${toText(fee)} ${this.network}. Maximum withdrawable balance is ${toText(Math.max(0, sumOf(coins) - fee))} ${this.network}.`,
      );
    const used = [...new Set(chosen.map(({address}) => address))];
    return {
      tx_type: kind,
      inputs: chosen.map(({txid, vout, amount, address}, input_index) => ({
        input_index,
        previous_txid: txid,
        previous_output_index: vout,
        input_value: toText(amount),
        spending_address: address,
      })),
      outputs: [
        {
          output_index: 0,
          output_category: 'user-specified',
          output_value: toText(wanted),
          receiving_address: question['to_addresses'],
        },
        {
          output_index: 1,
          output_category: 'change',
          output_value: toText(sumOf(chosen) - wanted - fee),
          receiving_address: used[0],
        },
      ],
      input_address_data: used.map(address => {
        const {required, publicKeys, type} = this.#entries.get(address)!;
        return {
          required_signatures: required,
          public_keys: publicKeys.map(key => key.toString('hex')),
          address,
          address_type: type,
        };
      }),
      ...(kind === 'basic' ? {user_key: sealedKey()} : {}),
      estimated_tx_size: 260,
    };
  }

  async #coinsOf(addresses: readonly string[]) {
    if (this.#node === undefined) return [];
    const wanted = addresses.map(address => `addr(${address})`);
    const {unspents} = await this.#node.rpc<{
      unspents: {txid: string; vout: number; amount: number; scriptPubKey: string}[];
    }>('scantxoutset', ['start', wanted]);
    return unspents.map(({txid, vout, amount, scriptPubKey}) => ({
      txid,
      vout,
      amount: Math.round(amount * 1e8),
      address: addressOf(Buffer.from(scriptPubKey, 'hex'), regtest)!,
    }));
  }

  /** Adds the second signature to what was signed well, and broadcasts. */
  async #submit(submission: Submission): Promise<Data> {
    const node = this.#node!;
    const whole = await coSign(node, submission, address => {
      const entry = this.#entries.get(address);
      return entry && {key: entry.theirs, witnessScript: this.#redeem(entry).output!};
    });
    return {txid: await node.rpc<string>('sendrawtransaction', [whole])};
  }
}
