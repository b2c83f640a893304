import {describeDerivedScripts} from '../support/derived-scripts-suite.ts';
import {sqliteBackend} from '../support/sqlite-backend.ts';

describeDerivedScripts('SQLite', sqliteBackend);
