import type {Event} from '../../source/contract/index.ts';

/** An event for a sink, numbered. */
export const anEvent = (sequence = 7): Event => ({
  id: `evt_0011_${sequence}`,
  sequence,
  coin: 'btc',
  type: 'backend.down',
  created_at: '2026-01-31T12:00:00.000Z',
  schema: 1,
  data: {backend: 'Ünïcode ₿', since: '2026-01-31T12:00:00.000Z'},
});
