/** Where the parts report what only they see, for whoever counts. Cheap, never throws, changes nothing. */
export interface Meter {
  /** A call to a node ended: with `ok`, or with the code of its error. */
  nodeCalled(coin: string, method: string, seconds: number, outcome: string): void;
  /** An event was offered to a sink: `delivered`, `failed` or `gone`. */
  deliveryTried(coin: string, sink: string, seconds: number, outcome: string): void;
  /** A request of the API was answered; `route` is its pattern, never the path that was asked for. */
  requestAnswered(method: string, route: string, status: number, seconds: number): void;
}

export const noMeter: Meter = {
  nodeCalled: () => undefined,
  deliveryTried: () => undefined,
  requestAnswered: () => undefined,
};
