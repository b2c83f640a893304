import type {Job} from '../../contract/index.ts';
import type {Coin} from '../../coins/index.ts';
import type {ChainStore} from '../chain-store.ts';
import type {JobStore} from '../job-store.ts';
import {auditBooks} from './audit-books.ts';
import {audited} from './audit-store.ts';
import {checkBooks, unspentTotal, lastBooks} from './check-books.ts';
import type {Connection} from './connection.ts';
import {findDeposit, listDeposits} from './deposits.ts';
import {JobPace} from './job-pace.ts';
import {createJob, endJob, extendJob, findJob, listJobs, unfinishedJobs} from './jobs.ts';
import {extendLadder, ladderBottom, ladderTop, rungAt} from './ladder.ts';
import {anchoredAt, inputsFrom, isOwnOutpoint, rawTransaction} from './load-moves.ts';
import {unspentOutpoints} from './suspects.ts';
import {acceptReorg, track} from './track.ts';
import {unknownAncestors} from './unknown-ancestors.ts';
import {blocksOfOurs, contestedSince, unanchoredTransactions, watchedOutpoints, watchedScripts} from './watched.ts';
import type {Writer} from './writer.ts';

/** The chain's and the jobs' part of a ledger in SQLite. Writes go through the writer, reads see what is committed. */
export const createChainStore = (
  {orm}: Connection,
  writer: Writer,
  {coinbaseMaturity: maturity}: Coin,
): ChainStore & JobStore => {
  const pace = new JobPace();
  const paced = (job: Job): Job => pace.addTo(job);
  return {
    ladderTop: async () => ladderTop(orm),
    ladderBottom: async () => ladderBottom(orm),
    rungs: async heights => heights.map(height => rungAt(orm, height)),
    extendLadder: async rungs => writer.run(orm => extendLadder(orm, rungs)),
    watchedScripts: () => watchedScripts(orm),
    watchedOutpoints: () => watchedOutpoints(orm),
    unanchoredTransactions: async () => unanchoredTransactions(orm),
    anchoredAt: async txids => txids.map(txid => anchoredAt(orm, txid)),
    rawTransactions: async txids => txids.map(txid => rawTransaction(orm, txid)),
    blocksOfOurs: async (from, to) => blocksOfOurs(orm, from, to),
    contestedSince: async () => contestedSince(orm),
    inputsFrom: async height => inputsFrom(orm, height),
    unknownAncestors: async height => unknownAncestors(orm, height),
    track: async (facts, policy, now, job) => {
      const result = await writer.run(orm => track(orm, facts, policy, now, job));
      if (job) pace.note(job.id, job.atHeight, now);
      return result;
    },
    acceptReorg: async (now, by) => {
      await audited(writer, {by, now}, acceptReorg, fork => ({action: 'chain.accept_reorg', subject: fork}));
    },
    deposits: async query => listDeposits(orm, query, maturity),
    deposit: async id => findDeposit(orm, id, maturity),
    checkBooks: async (untracked, now, inspection) => writer.run(orm => checkBooks(orm, untracked, now, inspection)),
    unspentOutpoints: async (after, limit) => unspentOutpoints(orm, after, limit),
    lastBooks: async () => lastBooks(orm),
    auditBooks: async () => auditBooks(orm, Date.now()),
    unspentTotal: async () => unspentTotal(orm),
    ownOutpoints: async outpoints => outpoints.map(outpoint => isOwnOutpoint(orm, outpoint)),
    createJob: async (kind, fromHeight, toHeight, now, way) =>
      writer.run(orm => createJob(orm, {kind, fromHeight, toHeight, way}, now)),
    jobs: async query => {
      const page = listJobs(orm, query);
      return {...page, items: page.items.map(paced)};
    },
    job: async id => paced(findJob(orm, id)),
    unfinishedJobs: async () => unfinishedJobs(orm),
    extendJob: async (id, toHeight) => writer.run(orm => extendJob(orm, id, toHeight)),
    endJob: async (id, status, error, now) => writer.run(orm => endJob(orm, id, status, error, now)),
  };
};
