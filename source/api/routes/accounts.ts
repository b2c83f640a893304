import {z} from 'zod';
import {
  account,
  address,
  createAccountBody,
  createAddressBody,
  deposit,
  depositQuery,
  history,
  page,
  pageQuery,
  transaction,
} from '../../contract/index.ts';
import {
  addressParams,
  coinParams,
  idParams,
  nameParams,
  refusal,
  sendCreated,
  type Api,
  type RouteContext,
} from './api.ts';

const byAccount = pageQuery.extend({account: z.string().optional()}).strict();

/** Accounts, their addresses, deposits and bookkeeping. */
export const accountRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'POST',
    url: '/v1/:coin/accounts',
    schema: {
      tags: ['accounts'],
      summary: 'Creates an account; the same name again answers 200',
      params: coinParams,
      body: createAccountBody,
      response: {200: account, 201: account, ...refusal},
    },
    handler: async (request, reply) =>
      sendCreated(reply, await applicationOf(request).createAccount(request.params.coin, request.body.name)),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/accounts',
    schema: {
      tags: ['accounts'],
      summary: 'Accounts by name',
      params: coinParams,
      querystring: pageQuery.strict(),
      response: {200: page(account), ...refusal},
    },
    handler: async request => applicationOf(request).accounts(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/accounts/:name',
    schema: {tags: ['accounts'], summary: 'One account', params: nameParams, response: {200: account, ...refusal}},
    handler: async request => applicationOf(request).account(request.params.coin, request.params.name),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/accounts/:name/addresses',
    schema: {
      tags: ['accounts'],
      summary: 'A fresh receiving address of the node for this account; needs the node',
      params: nameParams,
      body: createAddressBody,
      response: {201: address, ...refusal},
    },
    handler: async (request, reply) => {
      const {coin, name} = request.params;
      return reply.code(201).send(await applicationOf(request).createAddress(coin, name, request.body.label));
    },
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/addresses',
    schema: {
      tags: ['accounts'],
      summary: 'Receiving addresses, newest first',
      params: coinParams,
      querystring: byAccount,
      response: {200: page(address), ...refusal},
    },
    handler: async request => applicationOf(request).addresses(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/addresses/:address',
    schema: {tags: ['accounts'], summary: 'One address', params: addressParams, response: {200: address, ...refusal}},
    handler: async request => applicationOf(request).address(request.params.coin, request.params.address),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/deposits',
    schema: {
      tags: ['deposits'],
      summary: 'Deposits, newest first',
      params: coinParams,
      querystring: depositQuery.strict(),
      response: {200: page(deposit), ...refusal},
    },
    handler: async request => applicationOf(request).deposits(request.params.coin, request.query),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/deposits/:id',
    schema: {tags: ['deposits'], summary: 'One deposit', params: idParams, response: {200: deposit, ...refusal}},
    handler: async request => applicationOf(request).deposit(request.params.coin, request.params.id),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/deposits/:id/history',
    schema: {
      tags: ['deposits'],
      summary: 'The newest 100 events about it, oldest first, and how far each is on its way to each sink',
      params: idParams,
      response: {200: history, ...refusal},
    },
    handler: async request => applicationOf(request).depositHistory(request.params.coin, request.params.id),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/transactions',
    schema: {
      tags: ['books'],
      summary: 'Double-entry transactions, newest first',
      params: coinParams,
      querystring: byAccount,
      response: {200: page(transaction), ...refusal},
    },
    handler: async request => applicationOf(request).transactions(request.params.coin, request.query),
  });
};
