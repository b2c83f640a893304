import type {z} from 'zod';
import type {bitcoindBackend} from './backend-kinds/bitcoind.ts';
import type {BackendConfig, RpcAuth} from './config.ts';

/** Backends as the file has them, by `type`. */
type BackendValues = z.output<typeof bitcoindBackend>;

/** A backend as the file has it -> as the program uses it. */
export const toBackendConfig = (values: BackendValues, absolute: (path: string) => string): BackendConfig => ({
  ...values,
  auth: toAuth(values.auth, absolute),
  notify: values.notify.map(one => (one.type === 'pipe' ? {type: one.type, path: absolute(one.path)} : one)),
});

const toAuth = (auth: BackendValues['auth'], absolute: (path: string) => string): RpcAuth =>
  auth.cookie === undefined
    ? {kind: 'password', user: auth.user!, password: auth.password!}
    : {kind: 'cookie', path: absolute(auth.cookie)};

/** What must not be shown of it. */
export const backendSecrets = ({auth}: BackendValues): string[] => (auth.password === undefined ? [] : [auth.password]);
