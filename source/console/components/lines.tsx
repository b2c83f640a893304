import {Box, Transform} from 'ink';
import {memo, useMemo} from 'react';
import {useMask} from '../hooks/use-mask.ts';
import {useTheme} from '../hooks/use-screen.ts';
import {lineWidth, type Line} from '../text/line.ts';

const Block = memo(({width, text}: {width: number; text: string}) => {
  const rows = useMemo(() => text.split('\n'), [text]);
  const draw = useMemo(() => (_: string, index: number) => rows[index] ?? '', [rows]);
  return (
    <Box width={width} height={rows.length} flexShrink={0}>
      <Transform transform={draw}>{rows.map(() => '.').join('\n')}</Transform>
    </Box>
  );
});
Block.displayName = 'Block';

/**
 * Lines under each other, as wide as the widest. Ink lays out one dot for each, in a box of their size, and gets the
 * styled lines only when it writes: it measures and takes apart every text anew for every frame, and what is not ASCII
 * character by character, which would be most of the cost of a frame full of borders.
 */
export const Lines = ({lines}: {lines: readonly Line[]}) => {
  const theme = useTheme();
  const mask = useMask();
  if (lines.length === 0) return null;
  const width = lines.reduce((widest, line) => Math.max(widest, lineWidth(line)), 1);
  return <Block width={width} text={lines.map(line => theme.paint(mask(line))).join('\n')} />;
};
