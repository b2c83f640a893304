import {randomBytes} from 'node:crypto';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {Webhook} from 'standardwebhooks';
import type {Event} from '../../source/contract/index.ts';

export interface Received {
  readonly id: string;
  readonly event: Event;
  /** performance.now() at the last byte. */
  readonly at: number;
  readonly verified: boolean;
}

/** What to do with a request after it was read and verified. */
export type Answer = number | 'hang' | {readonly status: number; readonly headers: Record<string, string>};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/** A real HTTP endpoint that checks every Standard Webhooks signature and can misbehave on purpose. */
export class WebhookReceiver {
  readonly secret = `whsec_${randomBytes(32).toString('base64')}`;
  /** Every request in order of arrival, repeats and refused ones included. */
  readonly received: Received[] = [];
  /** Only those answered with 2xx. */
  readonly accepted: Received[] = [];
  answer: (received: Received) => Answer = () => 200;
  onEvent: ((received: Received) => void) | undefined;
  #server: Server | undefined;
  #port = 0;

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await receiver.listen();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hooks`;
  }

  /** Opens the port, the same one again after `close`. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>(resolve => server.close(() => resolve()));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body: string;
    try {
      body = await readBody(request);
    } catch {
      // The sender was killed in mid-request; it will send the event again.
      return;
    }
    const at = performance.now();
    const received = {
      id: String(request.headers['webhook-id']),
      event: JSON.parse(body) as Event,
      at,
      verified: this.#verifies(request, body),
    };
    this.received.push(received);
    const answer = received.verified ? this.answer(received) : 401;
    if (answer === 'hang') return;
    const {status, headers} = typeof answer === 'number' ? {status: answer, headers: {}} : answer;
    if (status >= 200 && status < 300) {
      this.accepted.push(received);
      this.onEvent?.(received);
    }
    response.writeHead(status, headers).end();
  }

  #verifies(request: IncomingMessage, body: string): boolean {
    try {
      new Webhook(this.secret).verify(body, request.headers as Record<string, string>);
      return true;
    } catch {
      // Told to the test by `verified`, and to the sender by 401.
      return false;
    }
  }
}
