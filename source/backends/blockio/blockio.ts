import type {BlockIoConfig} from '../../config/config.ts';
import type {NetworkContext, NetworkSide, WalletSide} from '../../payout/sides.ts';
import type {SizeOfInput} from '../../payout/sizes.ts';
import {HttpChannel} from '../bitcoind/http-channel.ts';
import {NotifyChannels} from '../bitcoind/notify-channels.ts';
import {AddressBook} from './address-book.ts';
import {BlockIoAddressSource} from './address-source.ts';
import {ApiClient} from './api-client.ts';
import {BlockIoBroadcaster} from './broadcaster.ts';
import {Keyring} from './keyring.ts';
import {multisigSize} from './multisig.ts';
import {webhookReader} from './notice.ts';
import {Place} from './place.ts';
import {ScriptFile} from './script-file.ts';
import {BlockIoSigner} from './signer.ts';
import {walletKind, type WalletKind} from './wallet-kind.ts';

export interface BlockIoOptions extends NetworkContext {
  /** As stored at init; without them no address is handed out. */
  readonly walletFingerprints?: readonly string[] | undefined;
}

export interface BlockIo {
  readonly network: NetworkSide;
  readonly wallet: WalletSide & {readonly inputSize: SizeOfInput};
}

/**
 * An account of block.io as the wallet, over `chainSide`: block.io proves nothing of what it says of the chain. Makes no call
 * before it is asked something.
 */
export const createBlockIo = (config: BlockIoConfig, options: BlockIoOptions, chainSide: NetworkSide): BlockIo => {
  const {coin, network, clock, log, walletFingerprints: pinned} = options;
  const {wallet} = config;
  const place = new Place(config, coin.name, network);
  const client = new ApiClient(config, place, options);
  const kind = walletKind(wallet, coin);
  const keyring = new Keyring(wallet);
  const file =
    wallet.type === 'dtrust'
      ? new ScriptFile(wallet.scripts.replaceAll('{coin}', coin.name), place.key('wallet.scripts'))
      : undefined;
  const book = new AddressBook(client, {coin, network, kind, clock, file});
  const channels = new NotifyChannels(
    config.notify.map(({listen, path}) => new HttpChannel(listen, clock, webhookReader(path))),
    log,
  );
  return {
    network: {
      ...chainSide,
      chain: over(chainSide.chain, {
        listen: (onHint, signal) => {
          chainSide.chain.listen(onHint, signal);
          channels.listen(onHint, signal);
        },
      }),
      broadcaster: new BlockIoBroadcaster(client, chainSide.broadcaster),
      health: over(chainSide.health, {
        notifyChannels: () => [...chainSide.health.notifyChannels(), ...channels.states()],
      }),
      close: async () => {
        channels.close();
        await Promise.all([client.close(), chainSide.close()]);
      },
    },
    wallet: {
      addresses: new BlockIoAddressSource(client, {coin, network, wallet, kind, keyring, clock, book, pinned}),
      signer: new BlockIoSigner(book, keyring, kind),
      inputSize: sizeOf(kind),
    },
  };
};

/** A port as it is, but for what is given here: what it can do besides is passed on. */
const over = <Port extends object>(port: Port, own: Partial<Port>): Port =>
  new Proxy(port, {
    get: (target, key) => {
      const value: unknown = Reflect.get(Object.hasOwn(own, key) ? own : target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

/** Every coin of the wallet is of its kind; the first byte tells those that never were. */
const sizeOf = ({addressType, required, keys}: WalletKind): SizeOfInput => {
  const size = multisigSize({type: addressType, required, keys});
  const isOurs = (script: Uint8Array): boolean =>
    addressType === 'WITNESS_V0'
      ? script.length === 34 && script[0] === 0x00
      : script.length === 23 && script[0] === 0xa9 && script[1] === 0x14;
  return script => (isOurs(script) ? size : undefined);
};
