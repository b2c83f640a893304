import {page, psbt, submitPsbtBody} from '../../contract/index.ts';
import {coinParams, idParams, refusal, type Api, type RouteContext} from './api.ts';

/** Inputs come with the transactions that they spend from. */
const BODY_LIMIT = 2_100_000;

/** Planned transactions that wait for somebody to sign them. */
export const psbtRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'GET',
    url: '/v1/:coin/psbts',
    schema: {
      tags: ['psbts'],
      summary: 'Transactions that wait for a signature, oldest first, all of them; none where the signer is no person',
      params: coinParams,
      response: {200: page(psbt), ...refusal},
    },
    handler: async request => applicationOf(request).psbts(request.params.coin),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/psbts/:id',
    schema: {
      tags: ['psbts'],
      summary: 'One transaction that waits for a signature, with the signatures so far',
      params: idParams,
      response: {200: psbt, ...refusal},
    },
    handler: async request => applicationOf(request).psbt(request.params.coin, request.params.id),
  });

  api.route({
    method: 'PUT',
    url: '/v1/:coin/psbts/:id',
    bodyLimit: BODY_LIMIT,
    schema: {
      tags: ['psbts'],
      summary: 'Brings signatures back, some or all; each is checked, and what is complete is sent. Safe to repeat',
      params: idParams,
      body: submitPsbtBody,
      response: {200: psbt, ...refusal},
    },
    handler: async request => applicationOf(request).submitPsbt(request.params.coin, request.params.id, request.body),
  });
};
