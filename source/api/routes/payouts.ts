import {
  broadcast,
  broadcastDetail,
  broadcastQuery,
  createPayoutBody,
  history,
  page,
  payout,
  payoutQuery,
} from '../../contract/index.ts';
import {KEY_HEADER, keyHeaders, readKey} from '../idempotency-key.ts';
import {coinParams, idParams, refusal, sendCreated, txidParams, type Api, type RouteContext} from './api.ts';

/** Payouts and the transactions that pay them. */
export const payoutRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts',
    schema: {
      tags: ['payouts'],
      summary: 'Queues a payout and debits the account; the same key and body again answer 200 and the same payout',
      headers: keyHeaders(true),
      params: coinParams,
      body: createPayoutBody,
      response: {200: payout, 201: payout, ...refusal},
    },
    handler: async (request, reply) => {
      const key = readKey(request.headers[KEY_HEADER], 'payout');
      return sendCreated(reply, await applicationOf(request).createPayout(request.params.coin, key, request.body));
    },
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/payouts',
    schema: {
      tags: ['payouts'],
      summary: 'Payouts, newest first',
      params: coinParams,
      querystring: payoutQuery.strict(),
      response: {200: page(payout), ...refusal},
    },
    handler: async request => applicationOf(request).payouts(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/payouts/:id',
    schema: {tags: ['payouts'], summary: 'One payout', params: idParams, response: {200: payout, ...refusal}},
    handler: async request => applicationOf(request).payout(request.params.coin, request.params.id),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/payouts/:id/history',
    schema: {
      tags: ['payouts'],
      summary: 'The newest 100 events about it, oldest first, and how far each is on its way to each sink',
      params: idParams,
      response: {200: history, ...refusal},
    },
    handler: async request => applicationOf(request).payoutHistory(request.params.coin, request.params.id),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts/:id/cancel',
    schema: {
      tags: ['payouts'],
      summary: 'Cancels a payout while no signed transaction exists, and gives the money back',
      params: idParams,
      response: {200: payout, ...refusal},
    },
    handler: async request => applicationOf(request).cancelPayout(request.params.coin, request.params.id),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts/:id/release',
    schema: {
      tags: ['payouts'],
      summary: 'Lets a payout go on that waits for a person',
      params: idParams,
      response: {200: payout, ...refusal},
    },
    handler: async request => applicationOf(request).releasePayout(request.params.coin, request.params.id),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/broadcasts',
    schema: {
      tags: ['payouts'],
      summary: 'Network transactions that pay payouts, newest first',
      params: coinParams,
      querystring: broadcastQuery.strict(),
      response: {200: page(broadcast), ...refusal},
    },
    handler: async request => applicationOf(request).broadcasts(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/broadcasts/:txid',
    schema: {
      tags: ['payouts'],
      summary: 'One of them by txid, or by id while it has none',
      params: txidParams,
      response: {200: broadcastDetail, ...refusal},
    },
    handler: async request => applicationOf(request).broadcast(request.params.coin, request.params.txid),
  });
};
