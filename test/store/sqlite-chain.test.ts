import {describeChainStore} from '../support/chain-store-suite.ts';
import {sqliteBackend} from '../support/sqlite-backend.ts';

describeChainStore('SQLite', sqliteBackend);
