/** What loops and adapters log to; pino satisfies it. Fields first. No secrets, foreign text through cleanText. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: Log = {debug() {}, info() {}, warn() {}, error() {}};
