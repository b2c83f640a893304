import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  initialiseLedger,
  openStore,
  type LedgerLocation,
  type NewLedger,
  type Store,
} from '../../source/store/open-store.ts';

/** A place for one ledger of SQLite, as the suites of stores ask for it: not made yet, in a folder of its own. */
export const sqliteBackend = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  const location: LedgerLocation = {type: 'sqlite', path: join(directory, 'data', '{coin}.sqlite'), coin: 'btc'};
  const opened: Store[] = [];
  return {
    initialise: async (ledger: NewLedger) => initialiseLedger(location, ledger),
    open: async () => {
      const store = await openStore(location);
      opened.push(store);
      return store;
    },
    dispose: async () => {
      await Promise.all(opened.map(async store => store.close()));
      rmSync(directory, {recursive: true, force: true});
    },
  };
};
