import {z} from 'zod';
import type {Coin} from '../coins/index.ts';
import {bitcoindBackend} from './backend-kinds/bitcoind.ts';
import {blockioBackend} from './backend-kinds/blockio.ts';
import {electrumBackend} from './backend-kinds/electrum.ts';
import {esploraBackend} from './backend-kinds/esplora.ts';
import {amount, kindOf, refuse, section, wholeNumber} from './fields.ts';

const MOST_BACKENDS = 8;

const oneBackend = (needsWallet: boolean) =>
  kindOf(
    'a mapping such as {type: bitcoind, url: …, auth: …, wallet: …}',
    [bitcoindBackend(needsWallet), esploraBackend, electrumBackend, blockioBackend],
    [],
  );

/** Backends as the file has them, by `type`. */
export type BackendValues = z.output<ReturnType<typeof oneBackend>>;

/**
 * `backend`: one mapping, or a list of them in order of preference. `isList`: which of them stands in the file, so that
 * every problem has the place of what was written. `hasWallet`: the coin has a wallet of its own, and no node's signs for it.
 */
export const backendsSchema = ({isList, hasWallet}: BackendsShape): z.ZodType<BackendValues[]> =>
  isList
    ? z
        .array(oneBackend(false))
        .min(1, {error: () => 'names no backend; expected at least one'})
        .max(MOST_BACKENDS, {error: () => `names more than ${MOST_BACKENDS} backends; expected fewer`})
        .superRefine((backends, context) => requireDifferent(backends, hasWallet, context))
    : oneBackend(!hasWallet).transform(backend => [backend]);

export interface BackendsShape {
  readonly isList: boolean;
  readonly hasWallet: boolean;
}

/** How a coin's section is written, whatever else is wrong with it. */
export const backendsShape = (coinSection: unknown): BackendsShape => {
  const {backend, wallet} = (coinSection ?? {}) as {backend?: unknown; wallet?: {signer?: {type?: unknown}} | null};
  const hasWallet = wallet !== undefined && wallet !== null && wallet.signer?.type !== 'node';
  return {isList: Array.isArray(backend), hasWallet};
};

const placeOf = (backend: BackendValues): unknown => ('url' in backend ? backend.url : undefined);

/** Several that are one and the same are no help, and two wallets would hand out the same addresses. */
const requireDifferent = (backends: readonly BackendValues[], hasWallet: boolean, context: z.RefinementCtx): void => {
  const refuseAt = (path: (string | number)[], message: string) =>
    context.addIssue({code: 'custom', path, message, input: undefined});
  const firstWith = (value: unknown, of: (backend: BackendValues) => unknown) =>
    backends.findIndex(backend => value !== undefined && of(backend) === value);
  for (const [index, backend] of backends.entries()) {
    if (backend.type === 'blockio')
      refuseAt([index, 'type'], 'is blockio, which stands alone; expected it as the only backend, or without it');
    const samePlace = firstWith(placeOf(backend), placeOf);
    if (samePlace >= 0 && samePlace < index)
      refuseAt([index, 'url'], `is the url of backend[${samePlace}] too; expected another one, or one entry less`);
    const sameName = firstWith(backend.name, ({name}) => name);
    if (sameName >= 0 && sameName < index)
      refuseAt([index, 'name'], `is the name of backend[${sameName}] too; expected another one`);
  }
  const withWallet = backends.flatMap((backend, index) => (walletOf(backend) === undefined ? [] : [index]));
  if (withWallet.length === 0 && !hasWallet && backends.length > 0)
    refuse(
      context,
      'names no wallet; expected one bitcoind with `wallet: …` in it: addresses and signatures come from its wallet, whichever backend speaks',
    );
  for (const index of withWallet.slice(1))
    refuseAt(
      [index, 'wallet'],
      `is a second wallet, and backend[${withWallet[0]}] has one; expected it at one of them: one ledger is one wallet`,
    );
};

const walletOf = (backend: BackendValues): string | undefined =>
  backend.type === 'bitcoind' ? backend.wallet : undefined;

/** Names by which people know them: as given, else the type, with a number where there are several of a type. */
export const backendNames = (backends: readonly BackendValues[]): string[] => {
  const taken = new Set(backends.flatMap(({name}) => name ?? []));
  return backends.map(({name, type}) => {
    if (name !== undefined) return name;
    let free: string = type;
    for (let number = 2; taken.has(free); number += 1) free = `${type}-${number}`;
    taken.add(free);
    return free;
  });
};

/** From how many backends the same must be heard before a large deposit is credited. */
export const agreementSchema = ({maxSupply, unit}: Coin) =>
  section('a mapping such as {above: "1.0", sources: 2}', {
    above: amount(maxSupply, unit),
    sources: wholeNumber(2, MOST_BACKENDS).default(2),
  });

/** What is wrong with asking that many of these backends; undefined when nothing is. */
export const agreementFault = (sources: number, backends: number): string | undefined => {
  if (backends === 1) return 'needs a second backend to agree with; expected `backend` to be a list of at least two';
  return sources > backends ? `is more than the ${backends} backends there are; expected 2 to ${backends}` : undefined;
};
