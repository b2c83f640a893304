import type {Account, Address, Page, PageQuery, Transaction} from '../contract/index.ts';

export interface NewAddress {
  readonly account: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly label: string | undefined;
}

export interface AccountStore {
  /** `created` is false when it was there already. House names are refused with `house_account`. */
  createAccount(name: string, now: number): Promise<{value: Account; created: boolean}>;
  /** User accounts by name, and `network_fee`, `suspense`. Throws `unknown_account`. */
  account(name: string): Promise<Account>;
  accounts(query: PageQuery): Promise<Page<Account>>;
  /** Stores a receive address before anybody is told of it. Throws `unknown_account`. */
  addAddress(address: NewAddress, now: number): Promise<Address>;
  address(address: string): Promise<Address>;
  addresses(query: PageQuery & {account?: string | undefined}): Promise<Page<Address>>;
  transactions(query: PageQuery & {account?: string | undefined}): Promise<Page<Transaction>>;
}
