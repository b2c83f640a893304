import type Database from 'better-sqlite3';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

/**
 * Rows for one table, inserted many to a statement. They are there after `flush` only, in the order they were added;
 * a full statement goes out before.
 */
export class BulkInsert {
  readonly #many: Database.Statement;
  readonly #one: Database.Statement;
  readonly #columns: number;
  readonly #rows: number;
  #values: unknown[] = [];

  constructor(many: Database.Statement, one: Database.Statement, {columns, rows}: {columns: number; rows: number}) {
    this.#many = many;
    this.#one = one;
    this.#columns = columns;
    this.#rows = rows;
  }

  add(...row: readonly unknown[]): void {
    this.#values.push(...row);
    if (this.#values.length < this.#rows * this.#columns) return;
    this.#many.run(this.#values);
    this.#values = [];
  }

  flush(): void {
    const values = this.#values;
    this.#values = [];
    for (let at = 0; at < values.length; at += this.#columns) this.#one.run(values.slice(at, at + this.#columns));
  }
}

/** `rows` to a statement: with more than 32 the price of a call is spread thin. Prepared once per connection. */
export const bulkInsert = (table: string, columns: readonly string[], rows = 32): ((orm: Orm) => BulkInsert) => {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const into = `INSERT INTO "${table}" (${columns.join(', ')}) VALUES`;
  const many = rawStatement(`${into} ${Array.from({length: rows}, () => row).join(', ')}`);
  const one = rawStatement(`${into} ${row}`);
  return orm => new BulkInsert(many(orm), one(orm), {columns: columns.length, rows});
};
