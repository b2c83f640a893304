import {Box, Transform} from 'ink';
import {memo, useCallback, useEffect, useState} from 'react';
import {useMask} from '../hooks/use-mask.ts';
import {useSheet, useTheme} from '../hooks/use-screen.ts';
import {lineWidth, type Line} from '../text/line.ts';
import type {Slot} from '../terminal/sheet.ts';

/** Room for the lines of a slot. Laid out again only when its size changes. */
const Block = memo(({slot, width, height}: {slot: Slot; width: number; height: number}) => {
  const sheet = useSheet();
  const mark = useCallback((_: string, index: number) => sheet.mark(slot, index), [sheet, slot]);
  return (
    <Box width={width} height={height} flexShrink={0}>
      <Transform transform={mark}>{Array.from({length: height}, () => '.').join('\n')}</Transform>
    </Box>
  );
});
Block.displayName = 'Block';

/** Lines under each other, as wide as the widest. */
export const Lines = ({lines}: {lines: readonly Line[]}) => {
  const theme = useTheme();
  const mask = useMask();
  const sheet = useSheet();
  const [slot] = useState(() => sheet.slot());
  // A passive effect: React hands a commit with any other one to Ink, which would lay out and draw everything anew.
  useEffect(() => {
    slot.put(lines.map(mask), theme);
  });
  if (lines.length === 0) return null;
  const width = lines.reduce((widest, line) => Math.max(widest, lineWidth(line)), 1);
  return <Block slot={slot} width={width} height={lines.length} />;
};
