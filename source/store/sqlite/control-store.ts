import type {ControlStore} from '../control-store.ts';
import {adjust} from './adjust.ts';
import {audited} from './audit-store.ts';
import type {Connection} from './connection.ts';
import {freezeAccount, unfreezeAccount} from './freeze.ts';
import {importCoins} from './import-coins.ts';
import {pausePayouts, resumePayouts} from './pause-payouts.ts';
import {findTransfer, listTransfers, makeTransfer} from './transfers.ts';
import type {Writer} from './writer.ts';

/** What a person does to one SQLite ledger. Each operation is a function of its own file. */
export const createControlStore = ({orm}: Connection, writer: Writer): ControlStore => ({
  transfer: async (request, now, by) =>
    audited(
      writer,
      {by, now},
      orm => makeTransfer(orm, request, now),
      ({value: {id, from, to, amount}, created}) =>
        created ? {action: 'transfer.create', subject: id, details: {from, to, amount}} : undefined,
    ),
  transfers: async query => listTransfers(orm, query),
  transferById: async id => findTransfer(orm, id),
  adjust: async (request, now, by) =>
    audited(
      writer,
      {by, now},
      orm => adjust(orm, request, now),
      ({value: {id, account, amount, reason, balance}, created}) =>
        created ? {action: 'adjustment.create', subject: id, details: {account, amount, reason, balance}} : undefined,
    ),
  freeze: async (name, reason, now, by) =>
    audited(
      writer,
      {by, now},
      orm => freezeAccount(orm, name, now),
      ({balance}) => ({action: 'account.freeze', subject: name, details: {balance, ...said(reason)}}),
    ),
  unfreeze: async (name, reason, now, by) =>
    audited(
      writer,
      {by, now},
      orm => unfreezeAccount(orm, name, now),
      ({balance}) => ({action: 'account.unfreeze', subject: name, details: {balance, ...said(reason)}}),
    ),
  importCoins: async (request, now, by) =>
    audited(
      writer,
      {by, now},
      orm => importCoins(orm, request, now),
      ({account, coins, amount}) =>
        coins > 0 ? {action: 'balance.import', subject: account, details: {coins, amount}} : undefined,
    ),
  pausePayouts: async (reason, now, by) =>
    audited(
      writer,
      {by, now},
      orm => pausePayouts(orm, reason, now),
      () => ({action: 'payouts.pause', subject: 'payouts', details: {reason}}),
    ),
  resumePayouts: async (tip, now, by) =>
    audited(
      writer,
      {by, now},
      orm => resumePayouts(orm, tip),
      () => ({action: 'payouts.resume', subject: 'payouts'}),
    ),
});

const said = (reason: string | undefined) => (reason === undefined ? {} : {reason});
