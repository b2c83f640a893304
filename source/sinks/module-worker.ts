import {pathToFileURL} from 'node:url';
import {parentPort, workerData} from 'node:worker_threads';
import type {Event} from '../contract/index.ts';

// The inside of the thread that runs a module sink's handler.

export interface Question {
  readonly event: Event;
}

/** First for loading, then one for each question. */
export interface Answer {
  /** What went wrong, in words; undefined when nothing did. */
  readonly problem: string | undefined;
}

type Handler = (event: Event) => unknown;

const say = (problem: string | undefined): void => parentPort!.postMessage({problem} satisfies Answer);

const wordsOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

const load = async (path: string): Promise<Handler> => {
  const {default: handler} = (await import(pathToFileURL(path).href)) as {default?: unknown};
  if (typeof handler !== 'function')
    throw new TypeError('it has no default export that is a function; expected `export default async event => {…}`');
  return handler as Handler;
};

const serve = (handler: Handler): void => {
  parentPort!.on('message', ({event}: Question) => {
    void (async () => {
      try {
        await handler(event);
        say(undefined);
      } catch (error) {
        say(wordsOf(error));
      }
    })();
  });
  say(undefined);
};

try {
  serve(await load((workerData as {path: string}).path));
} catch (error) {
  say(wordsOf(error));
}
