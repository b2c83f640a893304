import {once} from 'node:events';
import type {ServerResponse} from 'node:http';
import type {FastifyReply} from 'fastify';

const HEARTBEAT = 15_000;

/** Comment lines keep proxies and readers from taking a quiet stream for a dead one. */
const keepAlive = (raw: ServerResponse): (() => void) => {
  const timer = setInterval(() => raw.write(':\n\n'), HEARTBEAT);
  return () => clearInterval(timer);
};

const streams = new WeakSet<FastifyReply>();

/** Whether a reply became a stream. */
export const isStream = (reply: FastifyReply): boolean => streams.has(reply);

export interface StreamItem {
  readonly id?: number;
  readonly value: unknown;
}

/**
 * Answers with server-sent events, one a `data` line of JSON. Takes the next item only when the client has read the
 * last: a slow reader of statuses skips to the newest, and nothing piles up here. Ends when the client leaves or
 * `items` end; `items` see that by the signal.
 */
export const streamEvents = async (
  reply: FastifyReply,
  makeItems: (signal: AbortSignal) => AsyncIterable<StreamItem>,
  stopping: AbortSignal,
): Promise<void> => {
  const {raw} = reply;
  reply.hijack();
  streams.add(reply);
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'x-request-id': reply.request.id,
  });
  if (reply.request.method === 'HEAD') {
    raw.end();
    return;
  }
  raw.flushHeaders();
  const stopKeepingAlive = keepAlive(raw);
  try {
    for await (const {id, value} of makeItems(signal)) {
      const head = id === undefined ? '' : `id: ${id}\n`;
      if (!raw.write(`${head}data: ${JSON.stringify(value)}\n\n`)) await once(raw, 'drain', {signal});
      if (signal.aborted) break;
    }
  } catch (error) {
    // The client went away, or the engine stops: both end the stream and are no fault.
    if (!signal.aborted) throw error;
  } finally {
    stopKeepingAlive();
    raw.end();
  }
};
