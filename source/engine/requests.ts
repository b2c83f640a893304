import {scriptOf} from '../coins/index.ts';
import type {Actor, Address, CreatePayoutBody, Payout} from '../contract/index.ts';
import {formatAmount, parseAmount, type Satoshi} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Created} from './application.ts';
import type {CoinEngine} from './coin-engine.ts';

/** An amount to be paid: positive and no more than will ever exist. */
export const readAmount = (text: string, {coin}: CoinEngine): Satoshi => {
  const refuse = (words: string, cause?: unknown) => new EngineError('bad_amount', words, {field: 'amount', cause});
  let amount: Satoshi;
  try {
    amount = parseAmount(text, coin.decimals);
  } catch (error) {
    throw error instanceof EngineError ? refuse(error.message, error) : error;
  }
  if (amount === 0n) throw refuse('amount is zero; expected more');
  if (amount > coin.maxSupply)
    throw refuse(`amount is more than the ${formatAmount(coin.maxSupply, coin.decimals)} ${coin.unit} that can exist`);
  return amount;
};

/** Checks everything that can be checked without the ledger, so that nothing bad ever takes an idempotency key. */
export const createPayout = async (
  engine: CoinEngine,
  key: string,
  body: CreatePayoutBody,
  now: number,
  by: Actor,
): Promise<Created<Payout>> => {
  const {coin, network, config} = engine;
  const amount = readAmount(body.amount, engine);
  const scriptPubKey = scriptOf(body.address, coin, network);
  const dust = coin.dustLimit(scriptPubKey);
  if (amount < dust)
    throw new EngineError(
      'dust',
      `amount is below ${formatAmount(dust, coin.decimals)}, the least the network relays`,
      {
        field: 'amount',
      },
    );
  const store = await engine.writable();
  const {account, address, label} = body;
  const {fee, limits, approval} = config.payouts;
  return store.acceptPayout(
    {
      key,
      account,
      address,
      scriptPubKey,
      amount,
      label,
      quote: fee.paidBy === 'account' ? await engine.quoteFee(scriptPubKey) : undefined,
      requestedBy: by.name,
      isAllowed: engine.isAllowed(scriptPubKey),
    },
    {...limits, approvalAbove: approval.above, at: engine.steadyNow()},
    now,
  );
};

/**
 * A fresh address of the node's wallet. Stored and watched before anybody is told of it, so that money can never reach
 * an address that the ledger does not know. Throws `backend_unavailable` while the node is away.
 */
export const createAddress = async (
  engine: CoinEngine,
  account: string,
  label: string | undefined,
  now: number,
): Promise<Address> => {
  const store = await engine.writable();
  // Asked first: an unknown account must not use up an address of the wallet.
  await store.account(account);
  const address = await fromNode(engine, 'gives no address', async () =>
    (await engine.backend()).addresses.newAddress(),
  );
  const scriptPubKey = scriptOf(address, engine.coin, engine.network);
  const stored = await store.addAddress({account, address, scriptPubKey, label}, now);
  engine.watchScript(scriptPubKey);
  return stored;
};

/** What the node's silence means to somebody who asked: not now. `what`: what it does not do, `gives no address`. */
export const fromNode = async <Value>(engine: CoinEngine, what: string, ask: () => Promise<Value>): Promise<Value> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'wallet_mismatch') throw error;
    throw new EngineError('backend_unavailable', `the ${engine.name} node ${what} now: ${error.message}`, {
      retry: 'backoff',
      cause: error,
    });
  }
};
