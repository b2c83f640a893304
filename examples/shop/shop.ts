import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {
  CryptoassetsError,
  isDepositEvent,
  isPayoutEvent,
  type Client,
  type CursorStore,
  type TypedEvent,
} from 'cryptoassets-console';
import {cryptoassetsWebhook} from 'cryptoassets-console/express';
import {fromSatoshis, Orders, refundKey, type Order} from './orders.ts';
import {invoicePage, problemPage, shopPage, stateOf} from './pages.ts';

const COIN = 'btc';
/** One account of the engine holds the shop's money; every order has an address of its own in it. */
const ACCOUNT = 'shop';
const ITEMS = new Map([
  ['Coffee beans', 50_000n],
  ['Coffee machine', 2_500_000n],
]);

export interface ShopOptions {
  readonly client: Client;
  /** Of the engine's sink that calls `/hooks/coins`; without one the shop must `follow`. */
  readonly webhookSecrets?: readonly string[];
  readonly database: string;
  /** Pays for the customer; the demo has coins for that. */
  readonly pay?: (address: string, amount: string) => Promise<void>;
}

/** A mistake of the visitor, for the page. */
class Problem extends Error {}

const readForm = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 10_000) throw new Problem('The form is too long.');
  }
  return new URLSearchParams(text);
};

export class Shop {
  readonly #client: Client;
  readonly #orders: Orders;
  readonly #options: ShopOptions;
  readonly #server: Server;

  constructor(options: ShopOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#orders = new Orders(options.database);
    const {webhookSecrets: secrets} = options;
    const webhook = secrets && cryptoassetsWebhook({secrets, onEvent: event => this.#apply(event)});
    this.#server = createServer((request, response) => {
      if (webhook && request.method === 'POST' && request.url === '/hooks/coins') void webhook(request, response);
      else void this.#answer(request, response);
    });
  }

  /** Goes on where it was: refunds that were wanted when it ended are asked for now, with the same keys. */
  async start(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    await this.#client.accounts.create(COIN, ACCOUNT);
    for (const order of this.#orders.unsentRefunds()) await this.#sendRefund(order);
    return `http://127.0.0.1:${port}`;
  }

  /**
   * The other way to hear: reads the events instead of being called, for a shop that nobody can reach. The cursor moves
   * when an event was applied, and survives restarts.
   */
  async follow(cursor: CursorStore, signal: AbortSignal): Promise<void> {
    for await (const event of this.#client.events(COIN, {cursor, signal})) this.#apply(event);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
    this.#orders.close();
  }

  /** What the engine tells. It throws when the database does: then the engine sends the event again. */
  #apply(event: TypedEvent): void {
    // A sink hears of every coin, and ids and sequences are of each coin's own.
    if (event.coin !== COIN) return;
    if (isDepositEvent(event)) this.#orders.applyDeposit(event.data, event.sequence);
    else if (isPayoutEvent(event)) this.#orders.applyPayout(event.data, event.sequence);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const {origin, host} = request.headers;
      if (origin !== undefined && origin !== `http://${host}`) throw new Problem('Another site sent this form.');
      const [, id, , action] = /^\/orders\/(\d{1,9})(\/(refund|pay))?(?:\.json)?$/.exec(request.url ?? '') ?? [];
      const route = `${request.method} ${id === undefined ? request.url : `/order ${action ?? ''}`.trimEnd()}`;
      if (route === 'GET /') return this.#send(response, shopPage(ITEMS, this.#orders.all()));
      if (route === 'POST /orders') return this.#redirect(response, await this.#order(await readForm(request)));
      const order = this.#orders.get(Number(id));
      if (order === undefined) throw new Problem('There is no such page.');
      if (route === 'GET /order') return await this.#show(request, response, order);
      if (route === 'POST /order refund') await this.#refund(order, (await readForm(request)).get('address') ?? '');
      else if (route === 'POST /order pay')
        await this.#options.pay?.(order.address!, fromSatoshis(order.price - order.paid));
      else throw new Problem('There is no such page.');
      this.#redirect(response, order.id);
    } catch (error) {
      if (error instanceof Problem) return this.#send(response, problemPage(error.message), 400);
      console.error(error);
      this.#send(response, problemPage('The shop has a problem; please try again in a moment.'), 500);
    }
  }

  async #order(form: URLSearchParams): Promise<number> {
    const item = form.get('item') ?? '';
    const price = ITEMS.get(item);
    if (price === undefined) throw new Problem('There is no such item.');
    const id = this.#orders.create(item, price);
    await this.#giveAddress(id);
    return id;
  }

  async #giveAddress(id: number): Promise<void> {
    const {address} = await this.#client.addresses.create(COIN, ACCOUNT, `order ${id}`);
    this.#orders.setAddress(id, address);
  }

  async #show(request: IncomingMessage, response: ServerResponse, found: Order): Promise<void> {
    // The shop or the engine may have ended between the order and its address.
    if (found.address === null) await this.#giveAddress(found.id);
    const order = this.#orders.get(found.id)!;
    if (request.url?.endsWith('.json') !== true)
      return this.#send(response, invoicePage(order, this.#options.pay !== undefined));
    const amounts = {price: fromSatoshis(order.price), paid: fromSatoshis(order.paid)};
    response
      .writeHead(200, {'content-type': 'application/json'})
      .end(JSON.stringify({id: order.id, address: order.address, ...amounts, state: stateOf(order)}));
  }

  async #refund(order: Order, address: string): Promise<void> {
    if (order.paid === 0n) throw new Problem('Nothing is paid, so nothing can be refunded.');
    this.#orders.wantRefund(order, address);
    await this.#sendRefund(this.#orders.get(order.id)!);
  }

  /** However often this is done, and whatever crashes in between, the engine pays once: the key says what for. */
  async #sendRefund({id, refund}: Order): Promise<void> {
    if (refund === null || refund.payoutId !== null) return;
    try {
      const wanted = {account: ACCOUNT, address: refund.address, amount: fromSatoshis(refund.amount)};
      const payout = await this.#client.payouts.create(
        COIN,
        {...wanted, label: `order ${id}`},
        {idempotencyKey: refundKey(id)},
      );
      this.#orders.applyPayout(payout, 0);
    } catch (error) {
      // 422 is refused for good, and the key is still free. Everything else may be known later: the wish stays.
      if (!(error instanceof CryptoassetsError) || error.status !== 422) throw error;
      this.#orders.dropRefund(id);
      throw new Problem(`The refund was refused: ${error.detail}`);
    }
  }

  #send(response: ServerResponse, html: string, status = 200): void {
    response.writeHead(status, {'content-type': 'text/html; charset=utf-8'}).end(html);
  }

  #redirect(response: ServerResponse, orderId: number): void {
    response.writeHead(303, {location: `/orders/${orderId}`}).end();
  }
}
