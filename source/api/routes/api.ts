import type {IncomingMessage, ServerResponse} from 'node:http';
import type {FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault} from 'fastify';
import type {ZodTypeProvider} from 'fastify-type-provider-zod';
import {z} from 'zod';
import {problem, txid} from '../../contract/index.ts';
import type {Application, Created} from '../../engine/application.ts';

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What every file of routes gets. */
export interface RouteContext {
  /** The Application as the sender of a request sees it: what is written is theirs. */
  readonly applicationOf: (request: FastifyRequest) => Application;
  /** Aborts when the server closes, so that streams end. */
  readonly stopping: AbortSignal;
}

const name = z.string().min(1).max(200);
export const coinParams = z.object({coin: name});
export const nameParams = z.object({coin: name, name});
export const idParams = z.object({coin: name, id: name});
export const addressParams = z.object({coin: name, address: name});
export const txidParams = z.object({coin: name, txid: z.union([txid, name])});

/** Every operation may answer with a problem document. */
export const refusal = {
  default: {
    description: 'Refused, and why (RFC 9457)',
    content: {'application/problem+json': {schema: problem}},
  },
} as const;

export const nothing = z.object({}).meta({description: 'Nothing to say but the status'});

/** 201 for what was made now, 200 for the same again. */
export const sendCreated = <Thing>(reply: FastifyReply, {value, created}: Created<Thing>): Thing => {
  void reply.code(created ? 201 : 200);
  return value;
};
