import type {Orm} from './connection.ts';
import {markTold} from './derived-scripts.ts';
import {rawStatement} from './raw-statement.ts';
import {address} from './schema.ts';

const selectUnused = rawStatement(
  `SELECT a.address, a.script FROM address a WHERE a.purpose = 'change'
   AND NOT EXISTS (SELECT 1 FROM output o WHERE o.address_id = a.id)
   AND NOT EXISTS (SELECT 1 FROM payout p WHERE p.address IN (a.address, upper(a.address)))
   AND NOT EXISTS (SELECT 1 FROM broadcast b WHERE b.change_address_id = a.id AND b.status <> 'abandoned')
   AND NOT EXISTS (SELECT 1 FROM derived_script d WHERE d.script = a.script AND d.state = 'met')
   ORDER BY a.id DESC LIMIT 1`,
);

/** One that no output, no broadcast and no payout has used. Only the newest few are looked at: older ones were all used. */
export const unusedChangeAddress = (orm: Orm): {address: string; scriptPubKey: Buffer} | undefined => {
  const row = selectUnused(orm).get() as {address: string; script: Buffer} | undefined;
  return row && {address: row.address, scriptPubKey: row.script};
};

export const addChangeAddress = (orm: Orm, text: string, scriptPubKey: Buffer, now: number): void => {
  orm
    .insert(address)
    .values({address: text, script: scriptPubKey, purpose: 'change', accountId: null, label: null, createdAt: now})
    .run();
  markTold(orm, scriptPubKey);
};
