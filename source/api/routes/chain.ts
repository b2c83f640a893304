import {
  books,
  createRescanBody,
  fees,
  job,
  jobQuery,
  noticeBody,
  page,
  rescanEstimate,
  rescanEstimateQuery,
} from '../../contract/index.ts';
import {coinParams, idParams, nothing, refusal, type Api, type RouteContext} from './api.ts';

/** Books, reorgs, rescans and jobs. */
export const chainRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'GET',
    url: '/v1/:coin/books',
    schema: {
      tags: ['books'],
      summary: 'The last comparison of the ledger with the chain',
      params: coinParams,
      response: {200: books, ...refusal},
    },
    handler: async request => applicationOf(request).books(request.params.coin),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/fees',
    schema: {
      tags: ['chain'],
      summary: 'What the next transaction would pay, and from what that follows; needs the node',
      params: coinParams,
      response: {200: fees, ...refusal},
    },
    handler: async request => applicationOf(request).fees(request.params.coin),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/chain/accept-reorg',
    schema: {
      tags: ['chain'],
      summary: 'Accepts a fork deeper than max_confirmation_count, which stopped the payouts',
      params: coinParams,
      response: {202: nothing, ...refusal},
    },
    handler: async (request, reply) => {
      await applicationOf(request).acceptReorg(request.params.coin);
      return reply.code(202).send({});
    },
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/notifications',
    schema: {
      tags: ['chain'],
      summary: 'Says that there may be news, as walletnotify and blocknotify do; the engine looks at once',
      params: coinParams,
      body: noticeBody,
      response: {202: nothing, ...refusal},
    },
    handler: async (request, reply) => {
      await applicationOf(request).notify(request.params.coin, request.body);
      return reply.code(202).send({});
    },
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/rescans',
    schema: {
      tags: ['chain'],
      summary: 'Starts looking for missed transactions; follow the job',
      params: coinParams,
      body: createRescanBody,
      response: {202: job, ...refusal},
    },
    handler: async (request, reply) =>
      reply
        .code(202)
        .send(await applicationOf(request).startRescan(request.params.coin, request.body.from, request.body.method)),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/rescans/estimate',
    schema: {
      tags: ['chain'],
      summary: 'What a rescan would cost, by every method that the node can be asked by; starts nothing',
      params: coinParams,
      querystring: rescanEstimateQuery,
      response: {200: rescanEstimate, ...refusal},
    },
    handler: async request => applicationOf(request).estimateRescan(request.params.coin, request.query.from),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/jobs',
    schema: {
      tags: ['chain'],
      summary: 'Jobs, newest first',
      params: coinParams,
      querystring: jobQuery.strict(),
      response: {200: page(job), ...refusal},
    },
    handler: async request => applicationOf(request).jobs(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/jobs/:id',
    schema: {tags: ['chain'], summary: 'One job', params: idParams, response: {200: job, ...refusal}},
    handler: async request => applicationOf(request).job(request.params.coin, request.params.id),
  });

  api.route({
    method: 'DELETE',
    url: '/v1/:coin/jobs/:id',
    schema: {tags: ['chain'], summary: 'Cancels a running job', params: idParams, response: {200: job, ...refusal}},
    handler: async request => applicationOf(request).cancelJob(request.params.coin, request.params.id),
  });
};
