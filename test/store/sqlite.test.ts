import {sqliteBackend} from '../support/sqlite-backend.ts';
import {describeStore} from '../support/store-suite.ts';

describeStore('SQLite', sqliteBackend);
