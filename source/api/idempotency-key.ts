import {z} from 'zod';
import {idempotencyKey} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';

export const KEY_HEADER = 'idempotency-key';

/** Described here and judged by readKey, whose words say more. */
export const keyHeaders = (isRequired: boolean) =>
  z.object({
    [KEY_HEADER]: z
      .string()
      .optional()
      .meta({description: `${isRequired ? 'Required' : 'Recommended'}: 1 to 200 printable characters`}),
  });

/** The key that makes a repeated request harmless. Refused here, before anything is looked up. */
export const readKey = (header: string | undefined, what: string): string => {
  const key = readOptionalKey(header);
  if (key === undefined)
    throw new EngineError('idempotency_key_missing', `send an Idempotency-Key header, unique for this ${what}`, {
      field: KEY_HEADER,
    });
  return key;
};

export const readOptionalKey = (header: string | undefined): string | undefined => {
  if (header === undefined || header === '') return undefined;
  const key = idempotencyKey.safeParse(header);
  if (!key.success)
    throw new EngineError('bad_request', `${KEY_HEADER}: ${key.error.issues[0]!.message}`, {field: KEY_HEADER});
  return key.data;
};
