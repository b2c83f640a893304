import {gapWords} from '../chain/address-gap.ts';
import type {CoinConfig, SinkConfig, WalletConfig} from '../config/config.ts';
import type {Sink} from '../outbox/ports.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {ledgerState, openStore, type Store} from '../store/open-store.ts';
import {allowedScripts} from './allowed-scripts.ts';
import {examineNode} from './examine-node.ts';
import {failed, fine, type Finding} from './findings.ts';
import {ledgerPath} from './initialise.ts';
import type {EngineOptions} from './engine.ts';

type Options = Omit<EngineOptions, 'version'>;

/** Looks at everything that a config names, the full sums of the books included, and changes nothing. */
export const check = async (options: Options): Promise<Finding[]> => {
  const {config} = options;
  const findings = [fine('config', `${config.path} is valid`)];
  for (const coin of config.coins.values()) findings.push(...(await checkCoin(coin, options)));
  for (const [name, sink] of config.sinks) findings.push(...(await checkSink(name, sink, options)));
  return findings;
};

const checkCoin = async (coin: CoinConfig, options: Options): Promise<Finding[]> => {
  const {store, findings} = await openLedger(coin, options);
  try {
    const node = await examineNode(coin, options, store?.identity);
    findings.unshift(...node.findings);
    if (coin.payouts.allow !== undefined) findings.push(checkAllowed(coin));
    const prunedBelow = node.tip?.prunedBelow;
    if (store === undefined) return findings;
    const top = await store.ladderTop();
    if (prunedBelow !== undefined && top !== undefined && prunedBelow > top.height + 1)
      findings.push(
        failed(
          `${coin.coin} blocks`,
          new EngineError(
            'block_pruned',
            `the node has pruned all blocks below ${prunedBelow} and the ledger stands at ${top.height}: use a node that has them`,
          ),
        ),
      );
    if (coin.wallet !== undefined) findings.push(await checkGap(coin.coin, coin.wallet, store));
    findings.push(await checkBooks(coin, store), await checkAudit(coin, store));
    return findings;
  } finally {
    await store?.close();
  }
};

/** No fault of the ledger's, which finds everything: only said. */
const checkGap = async (coin: string, {gapLimit}: WalletConfig, store: Store): Promise<Finding> => {
  const unused = await store.derived.unusedInARow('receive');
  const words =
    unused > gapLimit ? gapWords(unused, gapLimit) : `${unused} in a row not paid yet, of ${gapLimit} at most`;
  return fine(`${coin} addresses`, words);
};

const checkAllowed = (coin: CoinConfig): Finding => {
  const subject = `${coin.coin} payouts`;
  try {
    return fine(subject, `${allowedScripts(coin)?.size ?? 0} addresses are paid without a person`);
  } catch (error) {
    return failed(subject, error);
  }
};

const openLedger = async (
  {coin, network, definition}: CoinConfig,
  {config}: Options,
): Promise<{store: Store | undefined; findings: Finding[]}> => {
  const subject = `${coin} ledger`;
  const path = ledgerPath(config, coin);
  try {
    const location = {type: config.database.type, path: config.database.path, coin} as const;
    // Opening it would bring it to this version; that is the engine's to do.
    if ((await ledgerState(location)) === 'needs_migration')
      return {
        store: undefined,
        findings: [fine(subject, `${path} was made by an older version; the engine will migrate it when it starts`)],
      };
    const store = await openStore(location, definition);
    const pinned = store.identity.network;
    if (pinned !== network) {
      await store.close();
      throw new EngineError('wrong_ledger', `${path} was initialised for ${pinned}, and the config says ${network}`);
    }
    const top = await store.ladderTop();
    return {store, findings: [fine(subject, `${path} is current, at height ${top?.height ?? '-'}`)]};
  } catch (error) {
    return {store: undefined, findings: [failed(subject, error)]};
  }
};

const checkBooks = async ({coin}: CoinConfig, store: Store): Promise<Finding> => {
  const subject = `${coin} books`;
  try {
    const {books, faults} = await store.auditBooks();
    if (faults.length > 0) return {subject, ok: false, words: faults.join('\n'), exitCode: 1};
    return fine(
      subject,
      `every posting adds up; ${books.ledger} in accounts, ${books.uncredited} uncredited, ${books.chain} in ${books.outpoints} outputs at height ${books.height}`,
    );
  } catch (error) {
    return failed(subject, error);
  }
};

const checkAudit = async ({coin}: CoinConfig, store: Store): Promise<Finding> => {
  const subject = `${coin} audit log`;
  const fault = await store.auditFault();
  return fault === undefined
    ? fine(subject, 'every entry follows from the one before')
    : {subject, ok: false, words: fault, exitCode: 1};
};

/** Asks for each coin, as the engine would; what is the same for all of them is said once. */
const checkSink = async (name: string, sink: SinkConfig, {config, parts, log}: Options): Promise<Finding[]> => {
  const findings = new Map<string, Finding>();
  for (const coin of config.coins.keys()) {
    const finding = await probeSink(name, sink, async () => parts.createSink(name, sink, {coin, log}));
    findings.set(finding.words, finding);
  }
  return [...findings.values()];
};

const probeSink = async (name: string, {type}: SinkConfig, create: () => Promise<Sink>): Promise<Finding> => {
  const subject = `sink ${name}`;
  let sink: Sink | undefined;
  try {
    sink = await create();
    return fine(subject, await sink.probe());
  } catch (error) {
    if (error instanceof EngineError) return failed(subject, error);
    return failed(subject, new EngineError('sink_unreachable', `${type}: ${messageOf(error)}`, {cause: error}));
  } finally {
    await sink?.close();
  }
};
