import {Box} from 'ink';
import type {ReactNode} from 'react';
import {frame} from '../text/frame.ts';
import type {Line} from '../text/line.ts';
import {Lines} from './lines.tsx';

/** A frame drawn as lines with Ink elements laid over its inside. */
export const BodyFrame = ({
  title,
  footer,
  width,
  height,
  children,
}: {
  title: Line;
  footer?: Line | undefined;
  width: number;
  height: number;
  children: ReactNode;
}) => (
  <Box width={width} height={height} overflow="hidden">
    <Box position="absolute">
      <Lines lines={frame([], {title, footer, width, height, isFocused: true})} />
    </Box>
    <Box marginTop={1} marginLeft={2} width={width - 4} height={height - 2} overflow="hidden" flexDirection="column">
      {children}
    </Box>
  </Box>
);
