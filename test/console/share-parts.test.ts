import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {shareParts} from '../../source/console/session/share-parts.ts';
import {calm, payout} from './support/statuses.ts';

const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

describe('what two statuses share', () => {
  it('says what the second one says, whatever the first one said', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, next) => {
        expect(shareParts(before, copy(next))).toStrictEqual(copy(next));
      }),
    );
  });

  it('is the first one when nothing changed, and leaves it as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, next) => {
        const known = copy(before);
        if (typeof before === 'object' && before !== null) expect(shareParts(known, copy(before))).toBe(known);
        shareParts(known, copy(next));
        expect(known).toStrictEqual(copy(before));
      }),
    );
  });

  it('is every part that did not change, beside one that did', () => {
    const next = copy(calm);
    next.coins[0]!.pending.push(payout(7));
    const shared = shareParts(calm, next);
    expect(shared).not.toBe(calm);
    expect(shared.events).toBe(calm.events);
    expect(shared.coins[0]!.backend).toBe(calm.coins[0]!.backend);
    expect(shared.coins[0]!.pending[0]).toBe(calm.coins[0]!.pending[0]);
    expect(shared.coins[0]!.pending).toHaveLength(calm.coins[0]!.pending.length + 1);
  });
});
