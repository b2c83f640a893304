import {Client} from 'undici';
import type {
  Account,
  Address,
  Books,
  Deposit,
  Event,
  Health,
  Page,
  Payout,
  Problem,
  Status,
} from '../../source/contract/index.ts';

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The HTTP API over the engine's socket, spoken from outside: no code shared with the product's own client. */
export class ApiClient {
  readonly #client: Client;
  readonly #coin: string;

  constructor(socketPath: string, coin = 'btc') {
    this.#coin = coin;
    this.#client = new Client('http://localhost', {socketPath, pipelining: 1});
  }

  async request<Body>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await this.#client.request({
      method,
      path,
      headers: {...(body === undefined ? {} : {'content-type': 'application/json'}), ...headers},
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    return {status: response.statusCode, body: (text === '' ? undefined : JSON.parse(text)) as Body};
  }

  get dispatcher(): Client {
    return this.#client;
  }

  /** The body as it stands. */
  async text(path: string): Promise<string> {
    return (await this.#client.request({method: 'GET', path})).body.text();
  }

  /** The body of a 2xx answer; anything else throws with the problem's words. */
  async get<Body>(path: string): Promise<Body> {
    return this.#wanted(await this.request<Body>('GET', path), `GET ${path}`);
  }

  async post<Body>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Body> {
    return this.#wanted(await this.request<Body>('POST', path, body, headers), `POST ${path}`);
  }

  #wanted<Body>(answer: Answer<Body>, what: string): Body {
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const problem = answer.body as Partial<Problem> | undefined;
    throw new Error(`${what}: ${answer.status} ${problem?.code ?? ''} ${problem?.detail ?? ''}`);
  }

  health = () => this.request<Health>('GET', '/health');
  status = () => this.get<Status>('/v1/status');
  books = () => this.get<Books>(`/v1/${this.#coin}/books`);
  createAccount = (name: string) => this.post<Account>(`/v1/${this.#coin}/accounts`, {name});
  account = (name: string) => this.get<Account>(`/v1/${this.#coin}/accounts/${name}`);
  createAddress = async (account: string): Promise<string> =>
    (await this.post<Address>(`/v1/${this.#coin}/accounts/${account}/addresses`, {})).address;
  payout = (id: string) => this.get<Payout>(`/v1/${this.#coin}/payouts/${id}`);
  deposits = (filter = '') => this.all<Deposit>(`/v1/${this.#coin}/deposits${filter}`);
  payouts = (filter = '') => this.all<Payout>(`/v1/${this.#coin}/payouts${filter}`);

  /** Queues a payout, whatever the answer. */
  pay = (key: string, body: {account: string; address: string; amount: string}) =>
    this.request<Payout & Omit<Problem, 'status'>>('POST', `/v1/${this.#coin}/payouts`, body, {'idempotency-key': key});

  /** Every item of a list, page by page. */
  async all<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `${path.includes('?') ? '&' : '?'}limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: Page<Item> = await this.get<Page<Item>>(`${path}${query}`);
      items.push(...page.items);
      cursor = page.next;
    }
    return items;
  }

  async events(): Promise<Event[]> {
    const items: Event[] = [];
    for (;;) {
      const page = await this.get<Page<Event>>(
        `/v1/${this.#coin}/events?after=${items.at(-1)?.sequence ?? 0}&limit=1000`,
      );
      items.push(...page.items);
      if (page.next === null || page.items.length === 0) return items;
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }
}
