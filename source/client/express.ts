import type {IncomingMessage, ServerResponse} from 'node:http';
import {CryptoassetsError} from '../api/client-error.ts';
import {asFault, BODY_LIMIT, createReceiver, statusOf, type WebhookOptions} from './receive-webhook.ts';

export type {WebhookOptions} from './receive-webhook.ts';

/** What Express and node:http have in common. */
export type WebhookHandler = (
  request: IncomingMessage & {body?: unknown; rawBody?: unknown},
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => Promise<void>;

/**
 * Takes the engine's webhooks: `app.post('/hooks/coins', cryptoassetsWebhook({secrets, onEvent}))`. Answers 204 when the
 * event was acted on, 401 to a request that the engine did not sign, 413 to a huge one. What `onEvent` throws goes to
 * `next`, so that Express's error handlers see it and answer 500; without `next` (node:http) it is 500.
 *
 * It must see the body as it came: put it before `express.json()`, or behind `express.raw({type: 'application/json'})`.
 */
export const cryptoassetsWebhook = (options: WebhookOptions): WebhookHandler => {
  const receive = createReceiver(options);
  return async (request, response, next) => {
    try {
      const body = await rawBodyOf(request);
      if (body === undefined) return answer(response, 413, 'body_too_large', 'no event is so large');
      await receive(body, request.headers);
      response.writeHead(204).end();
    } catch (error) {
      const status = statusOf(error);
      if (status !== 500) {
        const {code, detail} = error as CryptoassetsError;
        answer(response, status, code, detail);
      } else if (next === undefined) answer(response, 500, 'internal', 'the event was not acted on; send it again');
      else next(asFault(error));
    }
  };
};

const answer = (response: ServerResponse, status: number, code: string, detail: string): void => {
  // What is left of a body that was not read to its end is not worth reading.
  const headers = {'content-type': 'application/problem+json', ...(status === 413 && {connection: 'close'})};
  response.writeHead(status, headers).end(JSON.stringify({status, code, detail}));
};

/** undefined: too large. */
const rawBodyOf = async (
  request: IncomingMessage & {body?: unknown; rawBody?: unknown},
): Promise<string | Uint8Array | undefined> => {
  for (const given of [request.rawBody, request.body])
    if (typeof given === 'string' || given instanceof Uint8Array) return given;
  if (request.readableEnded || request.readableDidRead)
    throw new CryptoassetsError(
      'raw_body_missing',
      'the body was read and parsed before cryptoassetsWebhook, which needs its bytes: put it before express.json(), or behind express.raw({type: "application/json"})',
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};
