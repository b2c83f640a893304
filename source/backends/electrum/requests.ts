import type {ElectrumConfig} from '../../config/config.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {Connection} from './connection.ts';
import type {Call} from './electrum-client.ts';
import type {Faults} from './faults.ts';

export type Answer = {readonly result: unknown} | {readonly error: {readonly code: number; readonly message: string}};
type Lane = 'control' | 'bulk';

/** Calls that go out in one message, and what is known of their answers. */
interface Message {
  readonly lane: Lane;
  readonly calls: readonly Call[];
  readonly answers: (Answer | undefined)[];
  missing: number;
  firstId: number;
  timer: NodeJS.Timeout | undefined;
  readonly resolve: (answers: Answer[]) => void;
  readonly reject: (error: EngineError) => void;
}

/** Share of what may be asked at once that bulk leaves to others. */
const CONTROL_SHARE = 0.25;

/**
 * What is asked on one connection: ids, deadlines, and no more at once than the limits say. Everything that was not
 * answered fails when the connection ends.
 */
export class Requests {
  /** A ping that tells whether the server is still there is under way. */
  isProbed = false;
  readonly ended: Promise<void>;
  readonly #connection: Connection;
  readonly #config: Pick<ElectrumConfig, 'timeout' | 'limits'>;
  readonly #faults: Faults;
  readonly #onNotification: (method: string, params: unknown) => void;
  readonly #queues: Record<Lane, Message[]> = {control: [], bulk: []};
  /** By the id of each call. */
  readonly #inFlight = new Map<number, Message>();
  #lastId = 0;
  #failure: EngineError | undefined;
  #heardAt = performance.now();
  /** Until a server shows that it takes no batches. */
  #takesBatches = true;
  #onEnded: () => void = () => undefined;

  constructor(
    connection: Connection,
    config: Pick<ElectrumConfig, 'timeout' | 'limits'>,
    faults: Faults,
    onNotification: (method: string, params: unknown) => void,
  ) {
    this.#connection = connection;
    this.#config = config;
    this.#faults = faults;
    this.#onNotification = onNotification;
    this.ended = new Promise(resolve => {
      this.#onEnded = resolve;
    });
  }

  /** ms since the server said anything. */
  get idleFor(): number {
    return performance.now() - this.#heardAt;
  }

  /** Answers in the order of the calls; the first call that gets none fails them all. */
  async ask(calls: readonly Call[], lane: Lane, together: number): Promise<Answer[]> {
    const size = this.#takesBatches ? together : 1;
    const messages: Promise<Answer[]>[] = [];
    for (let at = 0; at < calls.length; at += size) messages.push(this.#queue(calls.slice(at, at + size), lane));
    this.#pump();
    return (await Promise.all(messages)).flat();
  }

  async #queue(calls: readonly Call[], lane: Lane): Promise<Answer[]> {
    if (this.#failure) throw this.#failure;
    return new Promise((resolve, reject) => {
      const answers = Array.from<Answer | undefined>({length: calls.length});
      const message: Message = {
        lane,
        calls,
        answers,
        missing: calls.length,
        firstId: 0,
        timer: undefined,
        resolve,
        reject,
      };
      // What waits for its turn behind a download waits because of us, not of the server.
      if (lane === 'control') this.#startTimer(message);
      this.#queues[lane].push(message);
    });
  }

  #startTimer(message: Message): void {
    const {timeout} = this.#config;
    message.timer = setTimeout(() => {
      this.#forget(message);
      message.reject(this.#faults.timeout(message.calls[0]!.method, timeout));
      this.#pump();
    }, timeout);
  }

  #forget(message: Message): void {
    clearTimeout(message.timer);
    const queue = this.#queues[message.lane];
    const place = queue.indexOf(message);
    if (place !== -1) queue.splice(place, 1);
    if (message.firstId === 0) return;
    for (let index = 0; index < message.calls.length; index++) this.#inFlight.delete(message.firstId + index);
  }

  #pump(): void {
    const {inFlight} = this.#config.limits;
    const room: Record<Lane, number> = {
      control: inFlight,
      bulk: Math.max(1, Math.floor(inFlight * (1 - CONTROL_SHARE))),
    };
    for (const lane of ['control', 'bulk'] as const) {
      const queue = this.#queues[lane];
      // One larger than the whole room goes alone.
      while (
        queue.length > 0 &&
        (this.#inFlight.size === 0 || this.#inFlight.size + queue[0]!.calls.length <= room[lane])
      )
        this.#send(queue.shift()!);
    }
  }

  #send(message: Message): void {
    message.firstId = this.#lastId + 1;
    this.#lastId += message.calls.length;
    const bodies = message.calls.map(({method, params}, index) => {
      this.#inFlight.set(message.firstId + index, message);
      return {jsonrpc: '2.0', id: message.firstId + index, method, params};
    });
    if (message.timer === undefined) this.#startTimer(message);
    this.#connection.write(`${JSON.stringify(bodies.length === 1 ? bodies[0] : bodies)}\n`);
  }

  /** One line from the server. What is no JSON-RPC ends the connection. */
  receive(line: string): void {
    this.#heardAt = performance.now();
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (error) {
      return this.end(this.#faults.notElectrum(messageOf(error)));
    }
    for (const reply of Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]) this.#take(reply);
    this.#pump();
  }

  #take(reply: unknown): void {
    if (typeof reply !== 'object' || reply === null) return this.end(this.#faults.notElectrum('no JSON-RPC'));
    const {id, method, params} = reply as Record<string, unknown>;
    if (typeof method === 'string') return this.#onNotification(method, params);
    const answer = answerOf(reply as Record<string, unknown>);
    if (answer === undefined) return this.end(this.#faults.notElectrum('neither a result nor an error'));
    if (typeof id === 'number') return this.#settle(id, answer);
    if ('error' in answer && this.#retryUnbatched()) return;
    this.end(this.#faults.notElectrum('an answer to nothing that was asked'));
  }

  #settle(id: number, answer: Answer): void {
    const message = this.#inFlight.get(id);
    if (message === undefined) {
      // One that came after its deadline; ids that were never given are somebody else's.
      if (!Number.isInteger(id) || id < 1 || id > this.#lastId)
        this.end(this.#faults.notElectrum('an answer to nothing that was asked'));
      return;
    }
    this.#inFlight.delete(id);
    message.answers[id - message.firstId] = answer;
    message.missing -= 1;
    if (message.missing > 0) return;
    clearTimeout(message.timer);
    message.resolve(message.answers as Answer[]);
  }

  /** An error that names no request answers a batch as a whole: this server takes none. */
  #retryUnbatched(): boolean {
    const batches = new Set([...this.#inFlight.values()].filter(({calls}) => calls.length > 1));
    if (batches.size === 0) return false;
    this.#takesBatches = false;
    for (const message of batches) {
      this.#forget(message);
      void Promise.all(message.calls.map(async call => this.#queue([call], message.lane))).then(
        answers => message.resolve(answers.flat()),
        (error: unknown) => message.reject(error as EngineError),
      );
    }
    return true;
  }

  end(error: EngineError): void {
    this.#connection.end(error);
  }

  /** The connection is over. */
  fail(error: EngineError): void {
    if (this.#failure) return;
    this.#failure = error;
    const open = new Set([...this.#inFlight.values(), ...this.#queues.control, ...this.#queues.bulk]);
    for (const message of open) {
      this.#forget(message);
      message.reject(error);
    }
    this.#onEnded();
  }
}

const answerOf = (reply: Record<string, unknown>): Answer | undefined => {
  const {error, result} = reply;
  if (error === undefined || error === null) return result === undefined ? undefined : {result};
  if (typeof error !== 'object') return {error: {code: 0, message: JSON.stringify(error)}};
  const {code, message} = error as Record<string, unknown>;
  return {error: {code: typeof code === 'number' ? code : 0, message: typeof message === 'string' ? message : ''}};
};
