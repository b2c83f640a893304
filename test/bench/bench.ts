// `npm run bench [-- name ...]`: measures the built product against real parts; prints a table, writes results/latest.json.
import {apiReads} from './api-reads.ts';
import {catchUp} from './catch-up.ts';
import {deliveries} from './deliveries.ts';
import {electrumSync} from './electrum-sync.ts';
import {consoleCost} from './console.ts';
import {depositLatency} from './deposit-latency.ts';
import {esploraSync} from './esplora-sync.ts';
import {payoutAcceptance} from './payout-acceptance.ts';
import {payoutThroughput} from './payout-throughput.ts';
import {type Figure, meets, printTable, writeResults} from './report.ts';
import {rescan} from './rescan.ts';
import {scale} from './scale.ts';
import {startUp} from './start-up.ts';

process.env['TEST_PROGRAM'] = 'dist';

const BENCHES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  'start-up': startUp,
  console: consoleCost,
  'deposit-latency': depositLatency,
  deliveries,
  'payout-throughput': payoutThroughput,
  'payout-acceptance': payoutAcceptance,
  'api-reads': apiReads,
  'catch-up': catchUp,
  rescan,
  scale,
  'electrum-sync': electrumSync,
  'esplora-sync': esploraSync,
};

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(64);
}
const figures: Figure[] = [];
let failed = false;
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`measuring ${name} ...`);
  try {
    figures.push(...(await bench()));
  } catch (error) {
    failed = true;
    console.error(`${name} could not be measured:`, error);
  }
}
console.log();
printTable(figures);
writeResults(figures);
process.exitCode = failed || figures.some(figure => meets(figure) === false) ? 1 : 0;
