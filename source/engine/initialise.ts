import type {CoinConfig, Config} from '../config/config.ts';
import {initialiseLedger} from '../store/open-store.ts';
import {examineDatabase} from './examine-database.ts';
import {examineNode, type NodeReport} from './examine-node.ts';
import {failed, fine, type Finding} from './findings.ts';
import type {EngineOptions} from './engine.ts';

/**
 * Makes the ledger of every configured coin that has none: chain and wallet pinned as the nodes are now, the ladder
 * starting at their tips. Asks every node first, and makes nothing at all when one of them does not answer as it must.
 */
export const initialise = async (options: Omit<EngineOptions, 'version'>): Promise<Finding[]> => {
  const configs = [...options.config.coins.values()];
  const reports = await Promise.all(configs.map(async config => examineNode(config, options, undefined, true)));
  const databases = await Promise.all(configs.map(async config => examineDatabase(config, options.config)));
  const findings = reports.flatMap((report, index) => [databases[index]!, ...report.findings]);
  if (findings.some(finding => !finding.ok)) return findings;
  for (const [index, report] of reports.entries())
    findings.push(...(await makeLedger(configs[index]!, report, options)));
  return findings;
};

const makeLedger = async (
  {coin, network, definition}: CoinConfig,
  {beginning: start, walletFingerprints = []}: NodeReport,
  {config, clock}: Omit<EngineOptions, 'version'>,
): Promise<Finding[]> => {
  const subject = `${coin} ledger`;
  const path = ledgerPath(config, coin);
  if (start === undefined) return [failed(subject, new Error('the node said no tip'))];
  try {
    const genesis = definition.networks[network]?.genesis ?? '';
    const location = {type: config.database.type, path: config.database.path, coin} as const;
    const answer = await initialiseLedger(location, {
      network,
      genesis,
      walletFingerprints,
      start,
      now: clock.now(),
    });
    if (answer !== 'created') return [fine(subject, `${path}: already there, left as it is`)];
    return [
      fine(subject, `${path}: created, all tables in one transaction`),
      fine(`${coin} start`, `starting at height ${start.height}`),
    ];
  } catch (error) {
    return [failed(subject, error)];
  }
};

export const ledgerPath = (config: Config, coin: string): string => config.database.path.replaceAll('{coin}', coin);
