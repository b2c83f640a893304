import {Box, Text} from 'ink';
import {memo} from 'react';
import {useTheme} from '../hooks/use-screen.ts';
import type {Line} from '../text/line.ts';

// One Text per line, styled beforehand: nested Text elements cost Ink twice as much a frame.
const Row = memo(({text}: {text: string}) => <Text wrap="truncate">{text}</Text>);
Row.displayName = 'Row';

/** Lines of equal width under each other. They must have been fitted to the room they are drawn in. */
export const Lines = ({lines}: {lines: readonly Line[]}) => {
  const theme = useTheme();
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, index) => (
        // Lines have no identity but their place.
        // oxlint-disable-next-line react/no-array-index-key
        <Row key={index} text={theme.paint(line) || ' '} />
      ))}
    </Box>
  );
};
