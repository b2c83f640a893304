import type {ScanMethod, ScanPlan} from '../contract/index.ts';
import type {ScanSurvey} from './ports.ts';

/** What is to be looked through. */
export interface ScanTask {
  readonly blocks: number;
  /** Of those, the ones that are read in full whatever the method. */
  readonly full: number;
  /** Blocks in which the ledger holds something already: each of them is read. */
  readonly ours: number;
  readonly scripts: number;
}

// Prices in seconds, measured against Bitcoin Core 30 on two cores. Only their proportions matter: the same machine
// pays all of them.
const PER_REQUEST = 0.002;
const SCANBLOCKS_PER_BLOCK = 3e-5;
const SCANBLOCKS_PER_BLOCK_AND_SCRIPT = 5e-8;
/** Of each call, times the square of the scripts: it takes them for descriptors, one by one. */
const SCANBLOCKS_SETUP = 7e-9;
/** Its request has a greatest length. */
const SCANBLOCKS_MOST_SCRIPTS = 20_000;
const FILTER_PER_BLOCK = 1e-4;
const FILTER_PER_BLOCK_AND_SCRIPT = 3e-7;
/** Past it, a thread that serves everybody would do nothing else. */
const FILTERS_MOST_SCRIPTS = 5_000;
const FILTER_PER_BYTE = 1e-8;
/** Of a filter, of what its block has. */
const FILTER_SHARE = 0.015;
const FILTER_LEAST_BYTES = 20;
const COINS_PER_SCRIPT = 2e-6;
const COINS_MOST_SCRIPTS = 20_000;
/** Of the unspent outputs, of the bytes of the whole chain; and how many of them a second are gone through. */
const COINS_SHARE = 0.02;
const COINS_BYTES_PER_SECOND = 1e8;

/** BIP158: one in so many foreign elements looks like one of ours. */
const FALSE_POSITIVES = 784_931;
const BLOCKS_PER_REQUEST = 50;
const BYTES_PER_REQUEST = 4_000_000;
const BLOCKS_PER_SCANBLOCKS = 5_000;
const FILTERS_PER_REQUEST = 100;
/** What narrows has to be so much cheaper than reading everything: estimates are rough, and blocks never disappoint. */
const CLEARLY_CHEAPER = 0.7;

interface Price {
  readonly seconds: number;
  readonly bytes: number;
  readonly requests: number;
  readonly blocks: number;
}

const sum = (one: Price, other: Price): Price => ({
  seconds: one.seconds + other.seconds,
  bytes: one.bytes + other.bytes,
  requests: one.requests + other.requests,
  blocks: one.blocks + other.blocks,
});

const reading = (blocks: number, {blockBytes, bytesPerSecond}: ScanSurvey): Price => {
  const raw = blocks * blockBytes;
  const requests = Math.max(blocks / BLOCKS_PER_REQUEST, raw / BYTES_PER_REQUEST);
  // The node sends hex.
  return {seconds: raw / bytesPerSecond + requests * PER_REQUEST, bytes: raw * 2, requests, blocks};
};

/** Of the blocks that are left out or not by their filters, those that stay. */
const hits = ({blocks, full, ours, scripts}: ScanTask): number => {
  const narrowed = blocks - full;
  const foreign = Math.max(0, narrowed - ours);
  return Math.min(narrowed, ours) + foreign * (1 - (1 - 1 / FALSE_POSITIVES) ** scripts);
};

const PRICES: Readonly<Record<Exclude<ScanMethod, 'histories'>, (task: ScanTask, survey: ScanSurvey) => Price>> = {
  blocks: ({blocks}, survey) => reading(blocks, survey),
  scanblocks: (task, survey) => {
    const blocks = task.blocks - task.full;
    const requests = Math.ceil(blocks / BLOCKS_PER_SCANBLOCKS);
    const seconds =
      requests * (PER_REQUEST + SCANBLOCKS_SETUP * task.scripts ** 2) +
      blocks * (SCANBLOCKS_PER_BLOCK + SCANBLOCKS_PER_BLOCK_AND_SCRIPT * task.scripts) +
      blocks * survey.blockBytes * FILTER_SHARE * FILTER_PER_BYTE;
    return sum({seconds, bytes: hits(task) * 70, requests, blocks: 0}, reading(hits(task) + task.full, survey));
  },
  filters: (task, survey) => {
    const blocks = task.blocks - task.full;
    const bytes = blocks * Math.max(FILTER_LEAST_BYTES, survey.blockBytes * FILTER_SHARE) * 2;
    const requests = Math.ceil(blocks / FILTERS_PER_REQUEST);
    const seconds =
      requests * PER_REQUEST +
      blocks * (FILTER_PER_BLOCK + FILTER_PER_BLOCK_AND_SCRIPT * task.scripts) +
      bytes * FILTER_PER_BYTE;
    return sum({seconds, bytes, requests, blocks: 0}, reading(hits(task) + task.full, survey));
  },
  coins: (task, survey) => {
    const unspent = survey.chainBytes * COINS_SHARE;
    const seconds = unspent / COINS_BYTES_PER_SECOND + task.scripts * COINS_PER_SCRIPT + PER_REQUEST;
    const read = Math.min(task.blocks - task.full, task.ours) + task.full;
    return sum({seconds, bytes: task.ours * 300, requests: 1, blocks: 0}, reading(read, survey));
  },
};

const MOST_SCRIPTS: Readonly<Partial<Record<ScanMethod, number>>> = {
  scanblocks: SCANBLOCKS_MOST_SCRIPTS,
  filters: FILTERS_MOST_SCRIPTS,
  coins: COINS_MOST_SCRIPTS,
};

/** Every way to look through these blocks that the source has, with its cost, the cheapest first. Pure. */
export const planScans = (task: ScanTask, survey: ScanSurvey): ScanPlan[] =>
  (['blocks', ...survey.narrows] as const)
    .filter(method => task.scripts <= (MOST_SCRIPTS[method] ?? Number.POSITIVE_INFINITY))
    .map(method => {
      const {seconds, bytes, requests, blocks} = PRICES[method](task, survey);
      return {
        method,
        complete: method !== 'coins',
        seconds: Math.round(seconds * 1000) / 1000,
        bytes: Math.round(bytes),
        requests: Math.ceil(requests),
        blocks: Math.ceil(blocks),
      };
    })
    .sort((one, other) => one.seconds - other.seconds);

/**
 * Ways to take, the best first, the others for when it cannot be had after all; the last one always can. The cheapest
 * of those that find everything, reading all blocks unless another is clearly cheaper. `wanted` comes before them.
 */
export const rankScans = (plans: readonly ScanPlan[], wanted?: ScanMethod): ScanPlan[] => {
  const blocks = plans.find(({method}) => method === 'blocks');
  const limit = blocks === undefined ? Number.POSITIVE_INFINITY : blocks.seconds * CLEARLY_CHEAPER;
  const cheaper = plans.filter(
    ({method, complete, seconds}) => method !== 'blocks' && complete && seconds < limit && method !== wanted,
  );
  const first = plans.find(({method}) => method === wanted);
  // What does not find everything was asked for on purpose: nothing takes its place.
  if (first?.complete === false) return [first];
  return [...(first ? [first] : []), ...cheaper, ...(blocks && blocks !== first ? [blocks] : [])];
};
