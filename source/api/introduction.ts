import type {IncomingHttpHeaders} from 'node:http';
import type {Actor} from '../contract/index.ts';

/** How a program in front of a person introduces itself: shown in the audit log, and believed in nothing else. */
type Introduction = Pick<Actor, 'client' | 'command'>;

const CLIENT_HEADER = 'cryptoassets-client';
const COMMAND_HEADER = 'cryptoassets-command';

const CLIENT = /^[a-z][a-z0-9-]{0,30}$/;
const LONGEST_COMMAND = 2000;

/** What a program says of itself and of the command line that does the same. What is not well formed is left out. */
export const introductionOf = (headers: IncomingHttpHeaders): Introduction => {
  const client = headers[CLIENT_HEADER];
  const command = headers[COMMAND_HEADER];
  const said = typeof command === 'string' && command.length <= LONGEST_COMMAND ? decode(command) : undefined;
  return {
    ...(typeof client === 'string' && CLIENT.test(client) && {client}),
    ...(said !== undefined && {command: said}),
  };
};

/** Percent-encoded, because a header holds no more than Latin letters. */
const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
};

/** The headers by which a client of ours introduces who sits in front of it. */
export const introduce = ({client, command}: Introduction): Record<string, string> => {
  const encoded = command === undefined ? undefined : encodeURIComponent(command);
  return {
    ...(client !== undefined && {[CLIENT_HEADER]: client}),
    ...(encoded !== undefined && encoded.length <= LONGEST_COMMAND && {[COMMAND_HEADER]: encoded}),
  };
};
