import type {CoinStatus, SourceStatus, Status} from '../contract/index.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {formatTable, formatTime} from './shell/table.ts';
import {sinkColumns} from './sinks.ts';
import type {Verb} from './verb.ts';

export const status: Verb = {
  name: 'status',
  summary: 'how everything is, in a few lines',
  parameters: ['[config]'],
  flags: [],
  examples: ['status', 'status config.yaml --json'],
  notes: 'Without a running engine it says what the ledger holds.',
  async run(context) {
    context.config();
    return context.withApplication(async ({application, via}) => {
      const found = await application.status();
      context.output.result(found, () => summaryLines(found, via === 'engine'));
      if (via === 'ledger')
        context.output.hint('', `  No engine runs. Start one:  cryptoassets-console ${context.configPath} --headless`);
      return 0;
    });
  },
};

const summaryLines = (found: Status, isRunning: boolean): string[] => {
  const {engine, database} = found;
  const state = isRunning
    ? `${engine.state} since ${formatTime(engine.started_at)} UTC, pid ${engine.pid}`
    : 'not running; this is what the ledger holds';
  const latency = database.latency_ms === null ? '' : `, ${database.latency_ms.toFixed(1)} ms`;
  const lines = [
    `engine    ${state}, version ${engine.version}`,
    `database  ${database.ok ? `ok${latency}` : `FAULT: ${cleanText(database.error ?? '')}`}`,
  ];
  if (isRunning && found.loops.length > 0)
    lines.push(
      ...found.loops.map((loop, index) => {
        const name = loop.coin === null ? loop.name : `${loop.coin} ${loop.name}`;
        const detail = loop.detail ? `, ${cleanText(loop.detail)}` : '';
        return `${index === 0 ? 'loops' : ''.padEnd(5)}     ${name}: ${loop.state}${detail}`;
      }),
    );
  for (const coin of found.coins) lines.push('', ...coinLines(coin, isRunning));
  if (found.sinks.length > 0) lines.push('', ...sinkLines(found));
  for (const [index, alert] of found.alerts.entries()) {
    if (index === 0) lines.push('');
    lines.push(`${alert.severity === 'critical' ? 'ALERT' : 'warning'}  ${alert.coin ?? ''} ${cleanText(alert.text)}`);
  }
  return lines;
};

const coinLines = (coin: CoinStatus, isRunning: boolean): string[] => {
  const {backend, counts, books} = coin;
  const asked = [
    backend.state,
    ...(backend.version === null ? [] : [cleanText(backend.version)]),
    ...(backend.tip_height === null ? [] : [`tip ${backend.tip_height}`]),
    ...(backend.reason === null ? [] : [cleanText(backend.reason)]),
  ].join(', ');
  const others = backend.sources.filter(({speaks}) => !speaks);
  const isBalanced = books !== null && !/[1-9]/.test(books.drift);
  const balance =
    books === null
      ? 'not checked yet'
      : `${isBalanced ? 'balanced' : `DRIFT ${books.drift}`} at ${books.height}: ${books.ledger} in accounts, ${books.chain} on the chain`;
  const running = coin.jobs.filter(job => job.status === 'running');
  return [
    `${coin.unit} ${coin.network}, ledger at height ${coin.height ?? '-'}`,
    `  node      ${isRunning ? asked : 'not asked'}`,
    ...(isRunning && others.length > 0
      ? [`  backends  ${backend.name} speaks; ${others.map(sourceWords).join('; ')}`]
      : []),
    `  books     ${balance}`,
    `  accounts  ${counts.accounts}; addresses ${counts.addresses}`,
    `  deposits  ${counts.deposits}; ${counts.incoming} on the way, ${coin.incoming_amount} ${coin.unit}`,
    `  payouts   ${counts.payouts}; ${counts.pending_payouts} pending, ${coin.pending_amount} ${coin.unit}; ${counts.held_payouts} held`,
    ...(coin.payouts_paused === null ? [] : [`  PAUSED    no payout is signed: ${cleanText(coin.payouts_paused)}`]),
    ...running.map(job => `  ${job.kind.padEnd(8)}  at ${job.at_height} of ${job.to_height}, ${job.found} new found`),
  ];
};

const sourceWords = ({name, state, reason}: SourceStatus): string =>
  `${name} ${state.replaceAll('_', ' ')}${reason === null ? '' : ` (${cleanText(reason)})`}`;

const sinkLines = (found: Status): string[] => formatTable(found.sinks, sinkColumns);
