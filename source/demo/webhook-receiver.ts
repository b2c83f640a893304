import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {Webhook} from 'standardwebhooks';
import type {Event} from '../contract/index.ts';

const LARGEST_BODY = 1024 * 1024;

export interface WebhookReceiver {
  readonly url: string;
  close(): Promise<void>;
}

const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > LARGEST_BODY) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** The event of a request whose signature is right and fresh; undefined for anything else. */
const verified = (secret: string, request: IncomingMessage, body: string): Event | undefined => {
  try {
    return new Webhook(secret).verify(body, request.headers as Record<string, string>) as Event;
  } catch {
    // Not from our engine, or changed on its way: answered with 401.
    return undefined;
  }
};

/**
 * The application's side of the demo: an endpoint that does what every receiver should. It verifies the signature
 * before it believes a word, acts on each event id once, and answers quickly.
 */
export const startWebhookReceiver = async (
  secret: string,
  onEvent: (event: Event) => void,
): Promise<WebhookReceiver> => {
  /** By coin: each counts sequences of its own. */
  const newest = new Map<string, number>();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const event = body === undefined ? undefined : verified(secret, request, body);
    response.writeHead(event === undefined ? 401 : 204).end();
    // Delivered at least once and in order: what is not newer was acted on before.
    if (event === undefined || event.sequence <= (newest.get(event.coin) ?? 0)) return;
    newest.set(event.coin, event.sequence);
    onEvent(event);
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
};
