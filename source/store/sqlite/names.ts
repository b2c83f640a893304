import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import type {Named} from './to-contract.ts';

const selectAccount = rawStatement('SELECT name FROM account WHERE id = ?');
const selectAddress = rawStatement('SELECT address, label FROM address WHERE id = ?');

/** Names that events and lists show instead of row ids. Lives as long as one step: labels may change. */
export class Names {
  readonly #orm: Orm;
  readonly #accounts = new Map<number, string>();

  constructor(orm: Orm) {
    this.#orm = orm;
  }

  of({accountId, addressId}: {accountId: number; addressId: number}): Named {
    const row = selectAddress(this.#orm).get(addressId) as Omit<Named, 'account'> | undefined;
    if (!row) throw new Error(`no address ${addressId}`);
    return {account: this.#account(accountId), address: row.address, label: row.label};
  }

  #account(id: number): string {
    let name = this.#accounts.get(id);
    if (name === undefined) {
      name = (selectAccount(this.#orm).get(id) as {name: string} | undefined)?.name;
      if (name === undefined) throw new Error(`no account ${id}`);
      this.#accounts.set(id, name);
    }
    return name;
  }
}
