import {cleanText} from '../../primitives/clean-text.ts';

export interface Reply {
  readonly result: unknown;
  readonly error: {readonly code: number; readonly message: string} | undefined;
}

type Reviver = (key: string, value: unknown, context: {source: string}) => unknown;

/** JSON.parse source text access: numbers with a fraction or exponent stay the text that the node wrote. */
const keepDecimals: Reviver = (_key, value, context) =>
  typeof value === 'number' && !/^-?[0-9]+$/.test(context.source) ? context.source : value;

/** Throws an Error in words when it is not JSON. With `decimals`, numbers with a fraction stay text. */
export const parseJson = (text: string, decimals: boolean): unknown => {
  try {
    return decimals ? JSON.parse(text, keepDecimals as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') throw new Error('nothing', {cause: error});
    throw new Error(`something that is not JSON, or is cut off: ${cleanText(text, 40)}`, {cause: error});
  }
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const errorOf = (error: unknown): Reply['error'] => {
  if (error === null || error === undefined) return undefined;
  if (isObject(error) && typeof error['code'] === 'number' && typeof error['message'] === 'string')
    return {code: error['code'], message: error['message']};
  throw new Error('an error without code and message');
};

/**
 * Replies in the order of `ids`, whatever the order they came in. Throws an Error that says in words what is wrong:
 * not JSON, not a reply, a reply to something else, one missing, one twice.
 */
export const parseReplies = (body: Buffer, ids: readonly number[], decimals: boolean): Reply[] => {
  const parsed = parseJson(body.toString('utf8'), decimals);
  const found = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed];
  const byId = new Map<unknown, Reply>();
  for (const reply of found) {
    if (!isObject(reply) || !('id' in reply) || !('result' in reply || 'error' in reply))
      throw new Error('something that is not a JSON-RPC reply');
    const error = errorOf(reply['error']);
    // A request that could not be read at all is answered without its id.
    if (error !== undefined && reply['id'] === null) return ids.map(() => ({result: undefined, error}));
    if (byId.has(reply['id'])) throw new Error('the same reply twice');
    byId.set(reply['id'], {result: reply['result'], error});
  }
  if (byId.size !== ids.length) throw new Error(`${byId.size} replies to ${ids.length} calls`);
  return ids.map(id => {
    const reply = byId.get(id);
    if (reply === undefined) throw new Error('a reply to another call');
    return reply;
  });
};
