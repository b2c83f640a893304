import {dirname} from 'node:path';
import type {NatsCredentials, SinkConfig} from './config.ts';
import type {SinkValues} from './sink-schema.ts';

type NatsValues = Extract<SinkValues, {type: 'nats'}>;

/** A sink as the file has it -> as the program uses it. `file`: absolute path of the config. */
export const toSinkConfig = (values: SinkValues, file: string, absolute: (path: string) => string): SinkConfig => {
  const {types, from} = values;
  switch (values.type) {
    case 'webhook':
      return {
        type: 'webhook',
        url: values.url,
        secrets: values.secret,
        allowPrivate: values.allow_private,
        types,
        from,
      };
    case 'script': {
      const [program = '', ...rest] = values.command;
      // As a shell has it: a name without a slash is looked for in PATH.
      const command = [program.includes('/') ? absolute(program) : program, ...rest];
      return {type: 'script', command, folder: dirname(file), timeout: values.timeout, types, from};
    }
    case 'module':
      return {type: 'module', path: absolute(values.path), timeout: values.timeout, types, from};
    case 'nats': {
      const {url, subject, stream, timeout} = values;
      return {type: 'nats', url, subject, stream, timeout, credentials: toCredentials(values, absolute), types, from};
    }
    default:
      return values satisfies never;
  }
};

const toCredentials = ({credentials}: NatsValues, absolute: (path: string) => string): NatsCredentials | undefined => {
  if (credentials === undefined) return undefined;
  if (typeof credentials === 'string') return {kind: 'file', path: absolute(credentials)};
  const {user, password, token} = credentials;
  return token === undefined ? {kind: 'password', user: user!, password: password!} : {kind: 'token', token};
};

/** What of a sink must never be shown. */
export const sinkSecrets = (values: SinkValues): string[] => {
  if (values.type === 'webhook')
    return values.secret.flatMap(secret =>
      secret.startsWith('whsec_') ? [secret, secret.slice('whsec_'.length)] : [secret],
    );
  if (values.type !== 'nats' || typeof values.credentials !== 'object') return [];
  const {password, token} = values.credentials;
  return [password, token].filter(secret => secret !== undefined);
};
