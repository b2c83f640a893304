import type {Answer, Asked} from './routes.ts';
import {json} from './routes.ts';

/** What becomes of an answer: another one, none at all, or a connection that ends. */
export type Spoiled = Answer | 'silence' | 'hang-up' | 'endless';
export type Fault = (asked: Asked, honest: () => Promise<Answer>) => Promise<Spoiled> | Spoiled;

const answer = (status: number, type: string, body: string, headers = {}): Answer => ({status, type, body, headers});

/** Only for paths that fit; honest otherwise. */
export const on =
  (path: RegExp, fault: Fault): Fault =>
  (asked, honest) =>
    path.test(asked.path) ? fault(asked, honest) : honest();

/** The first `times` requests only. */
export const atFirst = (times: number, fault: Fault): Fault => {
  let left = times;
  return (asked, honest) => (left-- > 0 ? fault(asked, honest) : honest());
};

export const tooManyRequests =
  (retryAfter?: string): Fault =>
  () =>
    answer(429, 'text/plain', 'Too Many Requests', retryAfter === undefined ? {} : {'retry-after': retryAfter});
export const unavailable: Fault = () => answer(503, 'text/html', '<html>Service Unavailable</html>');
export const html: Fault = () => answer(200, 'text/html', '<!doctype html><html>welcome</html>');
export const htmlNotFound: Fault = () => answer(404, 'text/html', '<html>404 Not Found</html>');
export const garbage: Fault = () => answer(200, 'application/json', '\u0000\u202e{"hello": ');
export const empty: Fault = () => answer(200, 'text/plain', '');
export const forbidden: Fault = () => answer(403, 'text/html', '<html>banned</html>');
export const redirect: Fault = () => answer(302, 'text/html', '', {location: 'https://elsewhere.example/'});
export const silence: Fault = () => 'silence';
export const hangUp: Fault = () => 'hang-up';
export const endless: Fault = () => 'endless';

/** Half of the honest answer. */
export const truncated: Fault = async (_, honest) => {
  const whole = await honest();
  return {...whole, body: Buffer.from(whole.body).subarray(0, Math.floor(whole.body.length / 2))};
};

/** The answer to another question. */
export const insteadOf =
  (from: RegExp, body: Answer['body']): Fault =>
  async (asked, honest) =>
    from.test(asked.path) ? {...(await honest()), status: 200, body} : honest();

/** Changes what a JSON answer says. */
export const changed =
  <Value>(path: RegExp, change: (value: Value) => unknown): Fault =>
  async (asked, honest) => {
    const whole = await honest();
    return path.test(asked.path) && whole.status === 200
      ? json(change(JSON.parse(String(whole.body)) as Value))
      : whole;
  };
