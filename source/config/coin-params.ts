import {z} from 'zod';
import {customCoin, type Coin, type NetworkName} from '../coins/index.ts';
import {parseAmount} from '../primitives/amount.ts';
import {duration, expecting, feerate, section, text, wholeNumber} from './fields.ts';

const byte = () => wholeNumber(0, 255);
const HASH_EXPECTED = "the hash of the chain's first block, 64 hex digits";
const SUPPLY_EXPECTED = 'the most coins that can ever exist, a quoted string such as "21000000"';
const UNIT_EXPECTED = 'the unit beside amounts, 2 to 8 capital letters or digits';

/** A bitcoind-like coin that is not built in: `coins.<name>.params`. */
export const coinParams = section('a mapping that describes the coin, with `unit`, `chain` and `genesis`', {
  unit: z.string(expecting(UNIT_EXPECTED)).regex(/^[A-Z0-9]{2,8}$/, expecting(UNIT_EXPECTED)),
  smallest_unit: text('the name of the smallest unit, for feerates', 12).default('sat'),
  chain: text("the chain's name in the node's getblockchaininfo, such as main"),
  genesis: z.string(expecting(HASH_EXPECTED)).regex(/^[0-9a-f]{64}$/, expecting(HASH_EXPECTED)),
  bech32: z
    .string(expecting('the prefix of witness addresses'))
    .regex(/^[a-z]{1,20}$/, expecting('the prefix of witness addresses, small letters'))
    .optional(),
  pubkey_hash: byte(),
  script_hash: byte(),
  extended_public_key: wholeNumber(0, 0xffff_ffff).default(0x0488_b21e),
  extended_private_key: wholeNumber(0, 0xffff_ffff).default(0x0488_ade4),
  coin_type: wholeNumber(0, 0x7fff_ffff).default(1),
  auxpow: z.boolean(expecting('true or false')).default(false),
  mweb: z.boolean(expecting('true or false')).default(false),
  supply: z.string(expecting(SUPPLY_EXPECTED)).regex(/^[1-9][0-9]{0,10}$/, expecting(SUPPLY_EXPECTED)),
  coinbase_maturity: wholeNumber(1, 100_000).default(100),
  block_time: duration('1s', '2h'),
  dust_relay_feerate: wholeNumber(0, 1_000_000).default(3),
  fallback_rate: feerate().default(2),
  min_rate: feerate().default(1),
  max_rate: feerate().default(200),
});
type CoinParams = z.output<typeof coinParams>;

const definitionOf = (name: string, network: NetworkName, params: CoinParams): Coin =>
  customCoin(name, network, {
    unit: params.unit,
    smallestUnit: params.smallest_unit,
    chain: params.chain,
    genesis: params.genesis,
    bech32: params.bech32,
    pubKeyHash: params.pubkey_hash,
    scriptHash: params.script_hash,
    bip32: {public: params.extended_public_key, private: params.extended_private_key},
    segwit: params.bech32 !== undefined,
    hdCoinType: params.coin_type,
    auxpow: params.auxpow,
    mweb: params.mweb,
    maxSupply: parseAmount(params.supply),
    coinbaseMaturity: params.coinbase_maturity + 1,
    blockTime: params.block_time / 1000,
    dustRelayFeerate: params.dust_relay_feerate,
    fees: {fallback: params.fallback_rate, min: params.min_rate, max: params.max_rate},
  });

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NETWORKS: readonly string[] = ['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'] satisfies NetworkName[];

/**
 * The coin that a raw `coins.<name>` describes, by the built-in `stand-in` as far as its `params` do not hold: what is
 * wrong there is reported when the section is read. Undefined for one without `params`.
 */
export const describedCoin = (name: string, section: unknown, standIn: Coin): Coin | undefined => {
  if (!isMapping(section) || !('params' in section)) return undefined;
  const network = (NETWORKS.includes(String(section['network'])) ? section['network'] : 'mainnet') as NetworkName;
  const params = coinParams.safeParse(section['params']);
  return params.success ? definitionOf(name, network, params.data) : {...standIn, name};
};
