import {backendNames, type BackendValues} from './backend-list.ts';
import type {BackendConfig, BackendKind, RpcAuth} from './config.ts';

/** Backends as the file has them -> as the program uses them. `field`: where they stand, `coins.btc.backend`. */
export const toBackendConfigs = (
  values: readonly BackendValues[],
  {isList, field}: {isList: boolean; field: string},
  absolute: (path: string) => string,
): [BackendConfig, ...BackendConfig[]] => {
  const names = backendNames(values);
  const [first, ...others] = values.map((one, index) => ({
    ...toBackendKind(one, absolute),
    name: names[index]!,
    field: isList ? `${field}[${index}]` : field,
  }));
  if (first === undefined) throw new Error(`${field} passed with no backend in it`);
  return [first, ...others];
};

const toBackendKind = (values: BackendValues, absolute: (path: string) => string): BackendKind => ({
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
