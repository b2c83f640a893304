import {
  account,
  adjustment,
  broadcastDetail,
  bumpBody,
  createAdjustmentBody,
  createImportBody,
  createTransferBody,
  freezeBody,
  importResult,
  page,
  pausePayoutsBody,
  payout,
  payoutsSwitch,
  transfer,
  transferQuery,
} from '../../contract/index.ts';
import {KEY_HEADER, keyHeaders, readKey, readOptionalKey} from '../idempotency-key.ts';
import {
  coinParams,
  idParams,
  nameParams,
  refusal,
  sendCreated,
  txidParams,
  type Api,
  type RouteContext,
} from './api.ts';

/** What people do to money by hand: moves, corrections, freezes, the kill switch, approvals and bumps. */
export const controlRoutes = (api: Api, context: RouteContext): void => {
  transferRoutes(api, context);
  accountControl(api, context);
  payoutControl(api, context);
};

const transferRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'POST',
    url: '/v1/:coin/transfers',
    schema: {
      tags: ['transfers'],
      summary: 'Moves money between accounts of the ledger; the same key and body again answer 200',
      headers: keyHeaders(true),
      params: coinParams,
      body: createTransferBody,
      response: {200: transfer, 201: transfer, ...refusal},
    },
    handler: async (request, reply) => {
      const key = readKey(request.headers[KEY_HEADER], 'transfer');
      return sendCreated(reply, await applicationOf(request).createTransfer(request.params.coin, key, request.body));
    },
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/transfers',
    schema: {
      tags: ['transfers'],
      summary: 'Transfers, newest first',
      params: coinParams,
      querystring: transferQuery.strict(),
      response: {200: page(transfer), ...refusal},
    },
    handler: async request => applicationOf(request).transfers(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/transfers/:id',
    schema: {tags: ['transfers'], summary: 'One transfer', params: idParams, response: {200: transfer, ...refusal}},
    handler: async request => applicationOf(request).transfer(request.params.coin, request.params.id),
  });
};

const accountControl = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'POST',
    url: '/v1/:coin/adjustments',
    schema: {
      tags: ['books'],
      summary: 'Corrects an account against the outside world, such as after a coin was spent by hand; audited',
      headers: keyHeaders(false),
      params: coinParams,
      body: createAdjustmentBody,
      response: {200: adjustment, 201: adjustment, ...refusal},
    },
    handler: async (request, reply) => {
      const key = readOptionalKey(request.headers[KEY_HEADER]);
      return sendCreated(reply, await applicationOf(request).adjust(request.params.coin, request.body, key));
    },
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/imports',
    schema: {
      tags: ['books'],
      summary: 'Adopts coins that the wallet held before the ledger began, each once; needs the node',
      params: coinParams,
      body: createImportBody,
      response: {200: importResult, ...refusal},
    },
    handler: async request => applicationOf(request).importBalance(request.params.coin, request.body.account),
  });

  for (const how of ['freeze', 'unfreeze'] as const)
    api.route({
      method: 'POST',
      url: `/v1/:coin/accounts/:name/${how}`,
      schema: {
        tags: ['accounts'],
        summary:
          how === 'freeze'
            ? 'Nothing goes out of the account until it is unfrozen by hand; what is queued is held'
            : 'Lifts a freeze; one by a reorg lifts itself at zero or more',
        params: nameParams,
        body: freezeBody,
        response: {200: account, ...refusal},
      },
      handler: async request => {
        const {coin, name} = request.params;
        const {reason} = request.body;
        const application = applicationOf(request);
        return how === 'freeze'
          ? application.freezeAccount(coin, name, reason)
          : application.unfreezeAccount(coin, name, reason);
      },
    });
};

const payoutControl = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts/pause',
    schema: {
      tags: ['payouts'],
      summary: 'The kill switch: nothing is signed or sent until it is resumed, also after a restart',
      params: coinParams,
      body: pausePayoutsBody,
      response: {200: payoutsSwitch, ...refusal},
    },
    handler: async request => applicationOf(request).pausePayouts(request.params.coin, request.body.reason),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts/resume',
    schema: {
      tags: ['payouts'],
      summary: 'Lets payouts go on that a person paused',
      params: coinParams,
      response: {200: payoutsSwitch, ...refusal},
    },
    handler: async request => applicationOf(request).resumePayouts(request.params.coin),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts/:id/approve',
    schema: {
      tags: ['payouts'],
      summary: 'Lets a payout go that waits for approval; not by who asked for it',
      params: idParams,
      response: {200: payout, ...refusal},
    },
    handler: async request => applicationOf(request).approvePayout(request.params.coin, request.params.id),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/payouts/:id/repay',
    schema: {
      tags: ['payouts'],
      summary: 'Pays a conflicted payout again, once what it lost to is max_confirmation_count deep',
      params: idParams,
      response: {200: payout, ...refusal},
    },
    handler: async request => applicationOf(request).repayPayout(request.params.coin, request.params.id),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/broadcasts/:txid/bump',
    schema: {
      tags: ['payouts'],
      summary: 'Lifts its feerate: a replacement of its family, or a child when its change is spent',
      params: txidParams,
      body: bumpBody,
      response: {200: broadcastDetail, ...refusal},
    },
    handler: async request => {
      const {coin, txid} = request.params;
      return applicationOf(request).bumpBroadcast(coin, txid, request.body);
    },
  });
};
