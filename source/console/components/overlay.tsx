import {Box} from 'ink';
import {useScreen} from '../hooks/use-screen.ts';
import {lineWidth, type Line} from '../text/line.ts';
import {Lines} from './lines.tsx';

/** Framed lines in the middle of the screen, over whatever is there. */
export const Overlay = ({lines}: {lines: readonly Line[]}) => {
  const {columns, rows} = useScreen(state => state.size);
  const width = lines[0] ? lineWidth(lines[0]) : 0;
  return (
    <Box
      position="absolute"
      marginLeft={Math.max(0, Math.floor((columns - width) / 2))}
      marginTop={Math.max(0, Math.floor((rows - lines.length) / 2))}
    >
      <Lines lines={lines} />
    </Box>
  );
};
