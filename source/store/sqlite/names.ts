import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import type {Named} from './to-contract.ts';

const selectAccount = rawStatement('SELECT name FROM account WHERE id = ?');
const selectAddress = rawStatement('SELECT address, label FROM address WHERE id = ?');

/** Names that events and lists show instead of row ids. Lives as long as one step: labels may change. */
export class Names {
  readonly #orm: Orm;
  readonly #accounts = new Map<number, string>();
  readonly #addresses = new Map<number, Omit<Named, 'account'>>();

  constructor(orm: Orm) {
    this.#orm = orm;
  }

  of({accountId, addressId}: {accountId: number; addressId: number}): Named {
    const {address, label} = this.#address(addressId);
    return {account: this.#account(accountId), address, label};
  }

  #address(id: number): Omit<Named, 'account'> {
    let row = this.#addresses.get(id);
    if (row === undefined) {
      row = selectAddress(this.#orm).get(id) as Omit<Named, 'account'> | undefined;
      if (row === undefined) throw new Error(`no address ${id}`);
      this.#addresses.set(id, row);
    }
    return row;
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
