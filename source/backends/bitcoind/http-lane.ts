import {Pool} from 'undici';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
  /** Bytes; a longer answer is not read to its end. */
  readonly cap: number;
  readonly signal: AbortSignal;
  /** Takes the body of a 200 piece by piece; what it leaves is the answer's body. */
  readonly receive?: (() => Receiver) | undefined;
}

export interface Receiver {
  push(chunk: Buffer): void;
  rest(): Buffer;
}

/** The answer is longer than was allowed for it. */
export class AnswerTooLong extends Error {
  constructor(cap: number) {
    super(`more than ${cap} bytes`);
  }
}

class WholeBody implements Receiver {
  readonly #chunks: Buffer[] = [];

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  rest(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }
}

/**
 * A few connections to one node. At most `connections` requests are under way, further ones wait their turn within
 * their own deadline: bitcoind refuses what its work queue (16 by default) cannot hold.
 */
export class HttpLane {
  readonly #pool: Pool;
  readonly #basePath: string;

  constructor(url: URL, connections: number) {
    this.#basePath = url.pathname.replace(/\/+$/, '');
    this.#pool = new Pool(url.origin, {
      connections,
      pipelining: 1,
      // bitcoind closes idle connections after 30 s (rpcservertimeout): never be the one to find out.
      keepAliveTimeout: 20_000,
      keepAliveMaxTimeout: 20_000,
      // The deadline of the whole call is the request's signal.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {timeout: 5_000},
    });
  }

  /** Rejects with the system's or undici's error, with AnswerTooLong, or with the signal's reason. */
  async post(request: HttpRequest): Promise<HttpAnswer> {
    const response = await this.#pool.request({
      method: 'POST',
      path: `${this.#basePath}${request.path}`,
      headers: {
        'content-type': 'application/json',
        ...(request.authorization === undefined ? {} : {authorization: request.authorization}),
      },
      body: request.body,
      signal: request.signal,
    });
    const receiver = (response.statusCode === 200 && request.receive?.()) || new WholeBody();
    let length = 0;
    // Leaving the loop early destroys the body and its connection.
    for await (const chunk of response.body) {
      length += (chunk as Buffer).length;
      if (length > request.cap) throw new AnswerTooLong(request.cap);
      receiver.push(chunk as Buffer);
    }
    const contentType = response.headers['content-type'];
    return {
      status: response.statusCode,
      contentType: Array.isArray(contentType) ? contentType[0] : contentType,
      body: receiver.rest(),
    };
  }

  /** Ends it; requests under way are rejected. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
