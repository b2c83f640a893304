import type {Event} from '../../contract/index.ts';
import type {Fetched} from '../state.ts';
import {formatCount} from '../text/format.ts';
import type {Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {field, heading, optional, when} from './fields.ts';
import {deliveryLines} from './timeline.ts';

const LONG_HEX = /^[0-9a-f]{64}$/;

export const eventLines = (
  event: Event,
  {fetched, now, width}: {fetched: Fetched | undefined; now: number; width: number},
): Line[] => {
  const deliveries = fetched?.history?.[0]?.deliveries;
  return [
    ...field('event', event.type, width, 'strong'),
    ...field('sequence', formatCount(event.sequence), width),
    ...field('id', event.id, width),
    ...field('created', when(event.created_at, now) ?? '-', width),
    ...optional('gap', event.gap ? 'an earlier event of this queue was parked undelivered' : undefined, width, 'warn'),
    ...(deliveries ? [...heading('Told to'), ...deliveryLines(deliveries, width)] : []),
    ...heading('What it says'),
    ...Object.entries(event.data as Record<string, unknown>).flatMap(([name, value]) => {
      if (value === null || value === undefined) return [];
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return field(name.replaceAll('_', ' '), LONG_HEX.test(text) || name === 'address' ? inFours(text) : text, width);
    }),
  ];
};
