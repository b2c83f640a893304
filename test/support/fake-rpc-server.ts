import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface FakeCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Answers one request as it likes; `calls` has one entry unless it is a batch. */
export type FakeAnswer = (response: ServerResponse, calls: readonly FakeCall[], request: IncomingMessage) => void;

/** What a node may send but a real one cannot be made to: recorded and malicious answers. */
export class FakeRpcServer {
  answer: FakeAnswer;
  readonly requests: {authorization: string | undefined; calls: readonly FakeCall[]}[] = [];
  readonly #server: Server;

  private constructor(answer: FakeAnswer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as FakeCall | FakeCall[];
        const calls = Array.isArray(body) ? body : [body];
        this.requests.push({authorization: request.headers.authorization, calls});
        this.answer(response, calls, request);
      });
    });
  }

  static async start(answer: FakeAnswer): Promise<FakeRpcServer> {
    const fake = new FakeRpcServer(answer);
    await new Promise<void>(resolve => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

/** An answer with these bytes. */
export const raw =
  (status: number, contentType: string, body: string): FakeAnswer =>
  response => {
    response.writeHead(status, {'content-type': contentType}).end(body);
  };

/** A well-formed answer, call by call. */
export const results =
  (resultOf: (call: FakeCall) => unknown): FakeAnswer =>
  (response, calls) => {
    const replies = calls.map(call => ({result: resultOf(call), error: null, id: call.id}));
    const body = JSON.stringify(replies.length === 1 ? replies[0] : replies);
    response.writeHead(200, {'content-type': 'application/json'}).end(body);
  };

/** A JSON-RPC error as bitcoind sends it: HTTP 500 with a body. */
export const refusal =
  (code: number, message: string): FakeAnswer =>
  (response, calls) => {
    const body = JSON.stringify({result: null, error: {code, message}, id: calls[0]?.id});
    response.writeHead(500, {'content-type': 'application/json'}).end(body);
  };
