import type {FastifyPluginAsync} from 'fastify';
import type {CryptoassetsError} from '../api/client-error.ts';
import {asFault, BODY_LIMIT, createReceiver, statusOf, type WebhookOptions} from './receive-webhook.ts';

export type {WebhookOptions} from './receive-webhook.ts';

export interface FastifyWebhookOptions extends WebhookOptions {
  /** Where the engine posts: the path of the sink's `url`; `/hooks/coins` unless said. */
  readonly path?: string;
}

/**
 * Takes the engine's webhooks: `app.register(cryptoassetsWebhook, {path: '/hooks/coins', secrets, onEvent})`. Answers 204
 * when the event was acted on and 401 to a request that the engine did not sign. What `onEvent` throws goes to Fastify's
 * error handler: logged, and 500. Bodies are read as bytes on this path only; the other routes keep their parsers.
 */
export const cryptoassetsWebhook: FastifyPluginAsync<FastifyWebhookOptions> = async (app, options) => {
  const receive = createReceiver(options);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', {parseAs: 'buffer', bodyLimit: BODY_LIMIT}, (_request, body, done) => done(null, body));
  app.post(options.path ?? '/hooks/coins', async (request, reply) => {
    try {
      await receive((request.body as Buffer | undefined) ?? '', request.headers);
    } catch (error) {
      const status = statusOf(error);
      if (status === 500) throw asFault(error);
      const {code, detail} = error as CryptoassetsError;
      request.log.warn({code}, 'a webhook was refused');
      return reply.code(status).type('application/problem+json').send(JSON.stringify({status, code, detail}));
    }
    return reply.code(204).send();
  });
};
