import type {BackendKind} from './config.ts';

/** Where the facts of the chain come from, for people: a URL without credentials. */
export const placeOf = (backend: BackendKind): string =>
  backend.type === 'blockio' ? placeOf(backend.chain) : backend.url;
