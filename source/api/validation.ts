import type {FastifySchemaCompiler} from 'fastify';
import {z} from 'zod';
import {EngineError} from '../primitives/errors.ts';

type Issue = z.core.$ZodIssue;

/** Fields whose bad values have a code of their own; all others are `bad_request`. */
const FIELD_CODES: Readonly<Record<string, string>> = {
  amount: 'bad_amount',
  name: 'bad_name',
  from: 'bad_height',
  method: 'bad_method',
};

const knownKeys = (schema: z.ZodType): string =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape).join(', ') : '';

const isNumberAmount = (issue: Issue, data: unknown): boolean =>
  issue.path.at(-1) === 'amount' &&
  issue.code === 'invalid_type' &&
  typeof (data as Record<string, unknown> | null)?.['amount'] === 'number';

const refuse = (issue: Issue, part: string, schema: z.ZodType, data: unknown): EngineError => {
  if (issue.code === 'unrecognized_keys') {
    const key = String(issue.keys[0]).slice(0, 100);
    const known = knownKeys(schema);
    const words = `unknown field ${JSON.stringify(key)}; ${known === '' ? 'none is expected' : `known are ${known}`}`;
    return new EngineError('bad_request', words, {field: key});
  }
  const field = issue.path.join('.');
  if (field === '') return new EngineError('bad_request', `the ${part} must be a JSON object: ${issue.message}`);
  if (isNumberAmount(issue, data))
    return new EngineError('bad_amount', 'amounts are JSON strings such as "0.5", never numbers, which lose digits', {
      field,
    });
  const missing = issue.code === 'invalid_type' && (data as Record<string, unknown>)[field] === undefined;
  const code = missing ? 'bad_request' : (FIELD_CODES[field] ?? 'bad_request');
  return new EngineError(code, `${field}: ${missing ? 'missing' : issue.message}`, {field});
};

/** Checks path, query and body by the contract's schemas, and names the first field at fault. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({schema, httpPart}) => {
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request');
  return (data: unknown) => {
    // Fastify says null for a body that is absent; every body here is an object whose fields say what is missing.
    const given = part === 'body' && data === null ? {} : data;
    const result = schema.safeParse(given);
    if (result.success) return {value: result.data};
    return {error: refuse(result.error.issues[0]!, part, schema, given)};
  };
};
