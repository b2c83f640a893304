import {z} from 'zod';
import {EngineError} from '../primitives/errors.ts';
import {parseAmount, type Satoshi} from '../primitives/amount.ts';
import {didYouMean} from './nearest.ts';

// Building blocks of the schema. A message that begins with "expected" is completed by report.ts with what stands in
// the file (`is "regtset"; expected …`); every other one is a whole sentence.

export const expecting = (text: string) => ({error: () => `expected ${text}`});

/** Adds a whole sentence as the problem of the field that is being read. */
export const refuse = (context: z.RefinementCtx, message: string): never => {
  context.addIssue({code: 'custom', message});
  return z.NEVER;
};

/** A mapping with known keys. `later` are keys of the contract that this version does not know yet. */
export const section = <Shape extends z.ZodRawShape>(what: string, shape: Shape, later: readonly string[] = []) =>
  z.strictObject(shape, {
    error: issue => {
      if (issue.code !== 'unrecognized_keys') return `expected ${what}`;
      const known = Object.keys(shape);
      // One line a key, in the order of issue.keys: report.ts gives each its own place.
      return issue.keys.map(key => unknownKey(key, known, later)).join('\n');
    },
  });

const unknownKey = (key: string, known: readonly string[], later: readonly string[]): string =>
  later.includes(key)
    ? `is not built yet; supported: ${known.join(', ')}`
    : `is not known here${didYouMean(key, known) || `; known: ${known.join(', ')}`}`;

/** One of several kinds of mapping, told apart by `type`; `later` are kinds that this version does not know yet. */
export const kindOf = <
  const Kinds extends readonly [
    z.ZodObject<{type: z.ZodLiteral<string>}>,
    ...z.ZodObject<{type: z.ZodLiteral<string>}>[],
  ],
>(
  what: string,
  kinds: Kinds,
  later: readonly string[],
) => {
  const known = kinds.map(kind => kind.shape.type.value);
  const supported = known.join(', ');
  return z.discriminatedUnion('type', kinds, {
    error: issue => {
      const input = issue.input as {type?: unknown} | null | undefined;
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return `expected ${what}`;
      const oneOf = known.length > 1 ? `one of ${supported}` : supported;
      if (input.type === undefined) return `is missing; expected ${oneOf}`;
      const type = typeof input.type === 'string' ? input.type : '';
      if (later.includes(type)) return `${type} is not built yet; supported: ${supported}`;
      return `is not known; expected ${oneOf}${didYouMean(type, known)}`;
    },
  });
};

export const choice = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, {
    error: issue => {
      const near = didYouMean(String(issue.input), values);
      // A long list buries the one word that helps.
      return near !== '' && values.length > 10
        ? `expected one of the ${values.length} known${near}`
        : `expected one of ${values.join(', ')}${near}`;
    },
  });

export const wholeNumber = (minimum: number, maximum: number) => {
  const options = expecting(`a whole number from ${minimum} to ${maximum}`);
  return z.number(options).int(options).min(minimum, options).max(maximum, options);
};

export const feerate = () => {
  const options = expecting('a feerate in sat/vB from 0.1 to 100000');
  return z.number(options).min(0.1, options).max(100_000, options);
};

const UNIT_MS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/** Milliseconds of `500ms`, `30s`, `5m`, `2h`. */
const durationMs = (text: string): number | undefined => {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2]!]! : undefined;
};

/** A duration between two others, all written as in the file; the output is in ms. */
export const duration = (minimum: string, maximum: string) => {
  const options = expecting(`a duration such as 500ms, 30s, 5m or 2h, from ${minimum} to ${maximum}`);
  return z
    .string(options)
    .refine(text => {
      const value = durationMs(text);
      return value !== undefined && value >= durationMs(minimum)! && value <= durationMs(maximum)!;
    }, options)
    .transform(text => durationMs(text)!);
};

/** A quoted decimal string, never a YAML number: those are floats. */
export const amount = (maximum: Satoshi, unit: string) =>
  z
    .string(expecting('an amount as a quoted string such as "1.0"'))
    .max(32, expecting('an amount of at most 32 characters'))
    .transform((text, context): Satoshi => {
      try {
        const value = parseAmount(text);
        return value <= maximum ? value : refuse(context, `is more ${unit} than will ever exist; expected less`);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        return refuse(context, error.message);
      }
    });

/** Text without control characters: what goes into paths, names and headers. */
export const text = (what: string, maximum = 1000) => {
  const options = expecting(what);
  return z
    .string(options)
    .min(1, options)
    .max(maximum, expecting(`${what} of at most ${maximum} characters`))
    .regex(/^\P{Cc}*$/u, expecting(`${what} without control characters`));
};
