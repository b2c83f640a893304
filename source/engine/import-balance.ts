import {setTimeout as pause} from 'node:timers/promises';
import {addressOf} from '../coins/index.ts';
import type {Actor, ImportResult} from '../contract/index.ts';
import type {CoinSource, WalletTransaction} from '../chain/ports.ts';
import {extendDownTo} from '../loops/stand-to-node.ts';
import {satoshi} from '../primitives/amount.ts';
import {EngineError, hasCode} from '../primitives/errors.ts';
import type {BlockRef, Txid} from '../primitives/ids.ts';
import type {FoundCoin} from '../store/control-store.ts';
import type {CoinEngine} from './coin-engine.ts';
import type {Backend} from './parts.ts';

/** ms between two looks whether ledger and node stand at one block, and how often it is tried. */
const PAUSE = 200;
const TRIES = 150;

/**
 * Asks the wallet for its coins and takes those that the books do not know. Needs ledger and node at one block, and
 * tries again when the chain moves meanwhile. Throws `unknown_account`, `house_account`, `backend_unavailable`, and
 * `wallet_mismatch`: the coins of another wallet than the ledger's are nothing that could be paid from it.
 */
export const importBalance = async (
  engine: CoinEngine,
  account: string,
  now: number,
  by: Actor,
): Promise<ImportResult> => {
  const store = await engine.writable();
  // Asked first: nobody should wait for a node to hear that the name is wrong.
  await store.account(account);
  const {backend, watch, vitals} = await engine.start();
  const {coins: source, chain} = backend;
  if (source === undefined)
    throw new EngineError('backend_unavailable', `the ${engine.name} backend cannot list the coins of a wallet`);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const tip = await store.ladderTop();
    const atNode = await chain.tip();
    if (tip !== undefined && tip.hash === atNode.hash) {
      const coins = await findCoins(engine, backend, source, tip);
      await vitals.requirePinnedWallet();
      const lowest = Math.min(tip.height, ...coins.map(({block}) => block.height));
      await extendDownTo(chain, store, lowest);
      // Before they are stored: a block that spends or pays them may be skimmed at any moment.
      for (const {scriptPubKey, outpoint} of coins) {
        watch.addScript(scriptPubKey);
        watch.addOutpoint(outpoint);
      }
      try {
        return await store.importCoins({account, coins, tip}, now, by);
      } catch (error) {
        if (!hasCode(error, 'stale_facts')) throw error;
      }
    }
    await engine.untilStopped(pause(PAUSE));
  }
  throw new EngineError('backend_unavailable', `ledger and ${engine.name} node do not stand at one block; try again`, {
    retry: 'backoff',
  });
};

/** Coins of the wallet in blocks up to the tip that the ledger does not hold; immature coinbases are left for later. */
const findCoins = async (
  {store, coin, network}: CoinEngine,
  {addresses}: Pick<Backend, 'addresses'>,
  source: CoinSource,
  tip: BlockRef,
): Promise<FoundCoin[]> => {
  const listed = await addresses.walletCoins();
  const own = await store.ownOutpoints(listed.map(({outpoint}) => outpoint));
  const unknown = listed.filter((_, index) => !own[index]);
  const txids = [...new Set(unknown.map(({outpoint}) => outpoint.txid))];
  const answers = await source.walletTransactions(txids);
  const transactions = new Map<Txid, WalletTransaction | undefined>(txids.map((txid, index) => [txid, answers[index]]));
  return unknown.flatMap(({outpoint, amount, scriptPubKey}) => {
    const transaction = transactions.get(outpoint.txid);
    const block = transaction?.block;
    if (!transaction || !block || scriptPubKey === undefined || block.height > tip.height) return [];
    const {raw, coinbase} = transaction;
    if (coinbase && tip.height - block.height + 1 < coin.coinbaseMaturity) return [];
    const found: FoundCoin = {
      outpoint,
      amount: satoshi(amount),
      scriptPubKey,
      address: addressOf(scriptPubKey, network),
      raw,
      coinbase,
      block,
    };
    return [found];
  });
};
