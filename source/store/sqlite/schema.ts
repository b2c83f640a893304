export * from './schema/ledger.ts';
export * from './schema/chain.ts';
export * from './schema/payout.ts';
export * from './schema/outbox.ts';
export * from './schema/work.ts';
