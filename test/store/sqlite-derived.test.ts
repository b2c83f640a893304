import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {initialiseLedger, openStore, type LedgerLocation, type Store} from '../../source/store/open-store.ts';
import {describeDerivedScripts} from '../support/derived-scripts-suite.ts';

describeDerivedScripts('SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'derived-'));
  const location: LedgerLocation = {type: 'sqlite', path: join(directory, '{coin}.sqlite'), coin: 'btc'};
  const opened: Store[] = [];
  return {
    initialise: async ledger => initialiseLedger(location, ledger),
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
});
