import swagger from '@fastify/swagger';
import type {FastifyInstance, RouteOptions} from 'fastify';
import {createJsonSchemaTransform, createJsonSchemaTransformObject} from 'fastify-type-provider-zod';
import {z} from 'zod';
import * as contract from '../contract/index.ts';
import {scopeOf} from './scopes.ts';

/** Schemas that get a name of their own in the document. */
const NAMED = {
  Account: contract.account,
  Adjustment: contract.adjustment,
  Address: contract.address,
  AuditEntry: contract.auditEntry,
  Books: contract.books,
  Broadcast: contract.broadcast,
  BroadcastDetail: contract.broadcastDetail,
  Delivery: contract.delivery,
  Deposit: contract.deposit,
  Event: contract.event,
  Fees: contract.fees,
  Health: contract.health,
  Job: contract.job,
  Payout: contract.payout,
  Problem: contract.problem,
  Psbt: contract.psbt,
  Status: contract.status,
  Transaction: contract.transaction,
  Transfer: contract.transfer,
} as const;

const registry = () => {
  const schemaRegistry = z.registry<{id?: string | undefined}>();
  for (const [id, schema] of Object.entries(NAMED)) schemaRegistry.add(schema, {id});
  return schemaRegistry;
};

/** Each operation says which scope its token needs; over the socket none is asked for. */
const nameScope = ({method, url, schema}: RouteOptions): void => {
  if (schema !== undefined) schema.security = [{}, {token: [scopeOf([method].flat()[0] ?? '', url)]}];
};

/** Collects every route made after it into the document that /openapi.json answers, from the schemas that validate. */
export const describeApi = async (app: FastifyInstance, version: string): Promise<void> => {
  const schemaRegistry = registry();
  app.addHook('onRoute', nameScope);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'cryptoassets-console',
        description:
          'Amounts are decimal strings, times RFC 3339 in UTC. Over TCP a bearer token with the scope of the operation is needed.',
        version,
      },
      components: {securitySchemes: {token: {type: 'http', scheme: 'bearer'}}},
      security: [{}, {token: []}],
    },
    transform: createJsonSchemaTransform({schemaRegistry}),
    transformObject: createJsonSchemaTransformObject({schemaRegistry}),
  });
};
