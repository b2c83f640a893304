import {z} from 'zod';

/** What a token may do: look; make accounts and addresses; pay and move; run the house. None includes another. */
export const scope = z.enum(['read', 'receive', 'pay', 'operate']);
export type Scope = z.infer<typeof scope>;

/** Who asks. Comes from the token, or from being let in by the socket's file; never from what a request says. */
export interface Actor {
  /** `local` over the socket, `api` for `api.token`, else the name that `api.tokens` gives the token. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The program in front of a person (`console`, `cli`), as it calls itself: for display only. */
  readonly client?: string | undefined;
  /** The command line that does the same, when the program said one: for display only. */
  readonly command?: string | undefined;
}

/** This user on this machine: whoever may open the socket or the ledger itself. */
export const LOCAL: Actor = {name: 'local', scopes: scope.options};
