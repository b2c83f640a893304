import {Box, Transform} from 'ink';
import {memo, useMemo} from 'react';
import {useMask} from '../hooks/use-mask.ts';
import {useSheet, useTheme} from '../hooks/use-screen.ts';
import {lineWidth, type Line} from '../text/line.ts';
import type {Theme} from '../theme.ts';

interface BlockProps {
  readonly width: number;
  readonly lines: readonly Line[];
  readonly texts: readonly string[];
  readonly theme: Theme;
}

const isSame = (one: BlockProps, other: BlockProps): boolean =>
  one.width === other.width &&
  one.theme === other.theme &&
  one.texts.length === other.texts.length &&
  one.texts.every((text, index) => text === other.texts[index]);

const Block = memo(({width, lines, texts, theme}: BlockProps) => {
  const sheet = useSheet();
  const draw = useMemo(() => {
    const strips = lines.map((line, index) => ({
      line,
      text: texts[index]!,
      width: lineWidth(line),
      paint: (line: Line) => theme.paint(line),
    }));
    return (_: string, index: number) => {
      const strip = strips[index];
      return strip ? sheet.add(strip) : '';
    };
  }, [lines, texts, theme, sheet]);
  return (
    <Box width={width} height={lines.length} flexShrink={0}>
      <Transform transform={draw}>{lines.map(() => '.').join('\n')}</Transform>
    </Box>
  );
}, isSame);
Block.displayName = 'Block';

/** Lines under each other, as wide as the widest. Drawn again only when their text changed. */
export const Lines = ({lines}: {lines: readonly Line[]}) => {
  const theme = useTheme();
  const mask = useMask();
  if (lines.length === 0) return null;
  const width = lines.reduce((widest, line) => Math.max(widest, lineWidth(line)), 1);
  const shown = lines.map(mask);
  return <Block width={width} lines={shown} texts={shown.map(line => theme.paint(line))} theme={theme} />;
};
