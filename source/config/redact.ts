import type {Config} from './config.ts';

const REDACTED = '***';
/** Shorter ones would blacken every other word (`p` of a regtest node) and protect nothing. */
const MIN_SECRET_LENGTH = 4;

/** Values of these keys are never shown, however short. */
const SECRET_KEYS = new Set(['password', 'secret', 'token', 'apiKey', 'pin', 'key', 'keys']);

/** Replaces every secret in a text that is about to be shown or logged. `secrets` as in Config, longest first. */
export const redactText = (text: string, secrets: readonly string[]): string => {
  let redacted = text;
  for (const secret of secrets)
    if (secret.length >= MIN_SECRET_LENGTH) redacted = redacted.replaceAll(secret, REDACTED);
  return redacted;
};

/** The config as JSON-ready data that may be shown and logged: the same shape, secrets and variables' secrets replaced. */
export const redactedConfig = (config: Config): Record<string, unknown> => {
  const show = (value: unknown, key: string): unknown => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'string') return SECRET_KEYS.has(key) ? REDACTED : redactText(value, config.secrets);
    if (Array.isArray(value)) return value.map(item => show(item, key));
    if (value instanceof Map) return showEntries(value);
    if (typeof value === 'object' && value !== null) return showEntries(Object.entries(value));
    return value;
  };
  const showEntries = (entries: Iterable<[string, unknown]>): Record<string, unknown> => {
    const shown: Record<string, unknown> = {};
    for (const [key, value] of entries) if (key !== 'secrets') shown[key] = show(value, key);
    return shown;
  };
  return showEntries(Object.entries(config));
};
