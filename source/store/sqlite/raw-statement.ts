import type Database from 'better-sqlite3';
import type {Orm} from './connection.ts';
import {prepared} from './statements.ts';

/**
 * A statement of the chain's hot path, prepared once per connection and run without drizzle's mapping, which costs
 * more than SQLite itself when thousands of rows go in per step. Columns come back as SQLite has them: integers as
 * bigint. Everything that is not hot goes through drizzle.
 */
export const rawStatement = (text: string): ((orm: Orm) => Database.Statement) =>
  prepared(orm => (orm as Orm & {readonly $client: Database.Database}).$client.prepare(text));
