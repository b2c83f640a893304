import * as fc from 'fast-check';
import headless from '@xterm/headless';
import {describe, expect, it} from 'vitest';
import {fit, lineWidth, span, spread, wrap} from '../../source/console/text/line.ts';
import {bar, formatAge, formatCount, sparkline} from '../../source/console/text/format.ts';
import {drawable, inFours, middle, truncate, widthOf} from '../../source/console/text/width.ts';

const newTerminal = () => new headless.Terminal({cols: 400, rows: 2, allowProposedApi: true});

/** Cells that a real terminal uses for a text. */
const cellsOf = async (text: string, terminal = newTerminal()): Promise<number> => {
  await new Promise<void>(resolve => {
    terminal.write(text, resolve);
  });
  return terminal.buffer.active.cursorX;
};

const foreign = fc.oneof(
  fc.string({maxLength: 30}),
  fc.string({unit: 'grapheme', maxLength: 30}),
  fc.string({unit: 'binary', maxLength: 30}),
);

describe('foreign text', () => {
  it('shows control, bidi and zero-width characters escaped', () => {
    expect(drawable('a\u001b[31m\u0007\r\u202eb\u200dc')).toBe('a\\u{1b}[31m\\u{7}\\u{d}\\u{202e}b\\u{200d}c');
    expect(drawable('❤\ufe0f🇩🇪')).toBe('❤\\u{fe0f}\\u{1f1e9}\\u{1f1ea}');
  });

  it('is as wide as it is counted', async () => {
    for (const text of [
      'rent für März',
      '日本語 ラベル',
      'Привет',
      'שלום',
      'ąęćżź',
      'नमस्ते',
      '한국어',
      'x\u0301y',
      '…·✓▲▶●',
    ])
      expect([text, await cellsOf(drawable(text))]).toEqual([text, widthOf(drawable(text))]);
  });

  it('is never wider than counted, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(foreign, async text => {
        const shown = drawable(text);
        if (widthOf(shown) < 400) expect(await cellsOf(shown)).toBeLessThanOrEqual(widthOf(shown));
      }),
      {numRuns: 150},
    );
  });

  it('has no mark that a terminal draws as a cell of its own', async () => {
    const terminal = newTerminal();
    const marks = Array.from({length: 0x1_1000}, (_, index) => index)
      .filter(point => point < 0xd800 || point > 0xdfff)
      .map(point => String.fromCodePoint(point))
      .filter(character => /[\p{M}\p{Cf}]/u.test(character));
    for (let from = 0; from < marks.length; from += 8) {
      const text = drawable(
        marks
          .slice(from, from + 8)
          .join('a')
          .padStart(16, 'a'),
      );
      terminal.reset();
      expect([from, (await cellsOf(text, terminal)) > widthOf(text)]).toEqual([from, false]);
    }
  });

  it('is cut to exactly the width asked for', () => {
    fc.assert(
      fc.property(fc.array(foreign, {maxLength: 5}), fc.nat(60), (texts, width) => {
        expect(
          lineWidth(
            fit(
              texts.map(text => span(text)),
              width,
            ),
          ),
        ).toBe(width);
        expect(
          lineWidth(
            spread(
              texts.map(text => span(text)),
              [span('right')],
              width,
            ),
          ),
        ).toBe(width);
      }),
    );
    fc.assert(
      fc.property(foreign, fc.integer({min: 1, max: 60}), (text, width) => {
        expect(widthOf(truncate(drawable(text), width))).toBeLessThanOrEqual(width);
        expect(widthOf(middle(text, width))).toBeLessThanOrEqual(width);
        for (const line of wrap(text, Math.max(2, width)))
          expect(lineWidth(line)).toBeLessThanOrEqual(Math.max(2, width));
      }),
    );
  });
});

describe('figures', () => {
  it('writes ages in at most five cells', () => {
    expect([-5, 0, 59_999, 60_000, 252_000, 3_600_000, 11_040_000, 90_000_000, 864_000_000_0].map(formatAge)).toEqual([
      '0s',
      '0s',
      '59s',
      '1m00',
      '4m12',
      '1h00',
      '3h04',
      '1d01h',
      '100d',
    ]);
  });

  it('groups thousands, hex in fours, and both ends of an id', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect(inFours('abcdef012')).toBe('abcd ef01 2');
    expect(middle('bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 11)).toBe('bc1qa…f5mdq');
  });

  it('draws a bar that is full only at the end', () => {
    expect(bar(5, 6, 6).full).toBe('█████');
    expect(bar(999, 1000, 10)).toEqual({full: '█████████', rest: '░'});
    expect(bar(6, 6, 6).rest).toBe('');
  });

  it('keeps quiet latencies low in the sparkline', () => {
    expect(sparkline([1, 2, 50], 4)).toBe(' ▁▁█');
  });
});
