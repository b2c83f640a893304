import type {Derived, DerivedScript, DerivedScripts} from '../../chain/ports.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Connection, Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import type {Writer} from './writer.ts';

type Branch = Derived['branch'];
type Derive = (index: number) => DerivedScript;

const selectLast = rawStatement(
  `SELECT max(last) AS last FROM (
     SELECT max(position) AS last FROM derived_script WHERE branch = :branch AND state = 'taken'
     UNION ALL SELECT max(position) FROM derived_script WHERE branch = :branch AND state = 'told')`,
);
const selectLastMet = rawStatement(
  "SELECT max(position) AS last FROM derived_script WHERE branch = ? AND state = 'met'",
);
const selectLastPaid = rawStatement('SELECT max(position) AS last FROM derived_script WHERE branch = ? AND paid = 1');
const selectHighest = rawStatement('SELECT max(position) AS last FROM derived_script WHERE branch = ?');
const selectAt = rawStatement('SELECT script, state FROM derived_script WHERE branch = ? AND position = ?');
const selectScript = rawStatement('SELECT branch, position FROM derived_script WHERE script = ?');
const insertScript = rawStatement(
  'INSERT INTO derived_script (script, branch, position, address, state) VALUES (?, ?, ?, ?, ?)',
);
const setState = rawStatement('UPDATE derived_script SET state = ? WHERE branch = ? AND position = ?');
const selectAddress = rawStatement('SELECT 1 FROM address WHERE script = ?');

/** An index, or -1 for none. */
const indexIn = (row: unknown): number => {
  const {last} = row as {last: bigint | null};
  return last === null ? -1 : Number(last);
};
const lastHandedOut = (orm: Orm, branch: Branch): number => indexIn(selectLast(orm).get({branch}));

const mismatch = (branch: Branch, index: number): EngineError =>
  new EngineError(
    'wallet_mismatch',
    `the wallet derives another script for ${branch} index ${index} than the one this ledger holds: correct coins.<coin>.wallet`,
  );

/** See DerivedScripts. */
export const createDerivedScripts = ({orm}: Connection, writer: Writer): DerivedScripts => ({
  next: async (branch, derive) => writer.run(orm => takeNext(orm, branch, derive)),
  find: async scripts => scripts.map(script => findDerived(orm, script)),
  lookAhead: async (branch, count, derive) => {
    // Asked without writing first: mostly there is nothing new.
    if (missingAhead(orm, branch, count) === 0) return [];
    return writer.run(orm => keepAhead(orm, branch, count, derive));
  },
  unusedInARow: async branch => Math.max(0, lastHandedOut(orm, branch) - indexIn(selectLastPaid(orm).get(branch))),
});

const takeNext = (orm: Orm, branch: Branch, derive: Derive): number => {
  for (let index = lastHandedOut(orm, branch) + 1; ; index += 1) {
    const kept = selectAt(orm).get(branch, index) as {script: Buffer; state: string} | undefined;
    if (kept?.state === 'met') continue;
    const {scriptPubKey, address} = derive(index);
    if (kept && !kept.script.equals(scriptPubKey)) throw mismatch(branch, index);
    // Of a wallet that was used here before under another name: given out once already.
    const isKnown = selectAddress(orm).get(scriptPubKey) !== undefined;
    const state = isKnown ? 'told' : 'taken';
    if (kept) setState(orm).run(state, branch, index);
    else insertScript(orm).run(scriptPubKey, branch, index, address, state);
    if (!isKnown) return index;
  }
};

const findDerived = (orm: Orm, script: Buffer): Derived | undefined => {
  const row = selectScript(orm).get(script) as {branch: Branch; position: bigint} | undefined;
  return row && {branch: row.branch, index: Number(row.position)};
};

/** The last index that must be kept: so many beyond what was handed out or paid. */
const endOfAhead = (orm: Orm, branch: Branch, count: number): number =>
  Math.max(lastHandedOut(orm, branch), indexIn(selectLastMet(orm).get(branch))) + count;

const missingAhead = (orm: Orm, branch: Branch, count: number): number =>
  Math.max(0, endOfAhead(orm, branch, count) - indexIn(selectHighest(orm).get(branch)));

const keepAhead = (orm: Orm, branch: Branch, count: number, derive: Derive): Buffer[] => {
  const added: Buffer[] = [];
  const end = endOfAhead(orm, branch, count);
  for (let index = indexIn(selectHighest(orm).get(branch)) + 1; index <= end; index += 1) {
    const {scriptPubKey, address} = derive(index);
    insertScript(orm).run(scriptPubKey, branch, index, address, 'ahead');
    added.push(scriptPubKey);
  }
  return added;
};

const setTold = rawStatement("UPDATE derived_script SET state = 'told' WHERE script = ? AND state <> 'told'");
const setPaid = rawStatement(
  'UPDATE derived_script SET paid = 1 WHERE paid = 0 AND script = (SELECT script FROM address WHERE id = ?)',
);
const selectAny = rawStatement('SELECT 1 FROM derived_script LIMIT 1');
const setMet = rawStatement(
  "UPDATE derived_script SET state = 'met' WHERE script = ? AND state IN ('ahead', 'taken') RETURNING address",
);
const insertMet = rawStatement(
  "INSERT INTO address (address, script, purpose, account_id, label, created_at) VALUES (?, ?, 'change', NULL, NULL, ?)",
);

/** Its address is in the ledger now, for whom it was taken. */
export const markTold = (orm: Orm, script: Buffer): void => {
  setTold(orm).run(script);
};

/** An output was found on this address. Costs the ledgers of other wallets next to nothing. */
export const markPaid = (orm: Orm, addressId: number): void => {
  if (selectAny(orm).get() !== undefined) setPaid(orm).run(addressId);
};

/**
 * Somebody paid a script before it was handed out: it becomes an address of nobody, as a change script is, whose foreign
 * money goes to `suspense`. False for scripts that are none of ours.
 */
export const meetDerived = (orm: Orm, script: Buffer, now: number): boolean => {
  const row = setMet(orm).get(script) as {address: string} | undefined;
  if (!row) return false;
  insertMet(orm).run(row.address, script, now);
  return true;
};
