import {useMemo} from 'react';
import {BodyFrame} from '../components/body-frame.tsx';
import {Table} from '../components/table.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import {span} from '../text/line.ts';
import {helpRows, helpScrollLimit, visibleHelpRows} from './help-rows.ts';

export const Help = ({width, height}: {width: number; height: number}) => {
  const view = useScreen(state => state.view);
  const scroll = view.name === 'help' ? Math.min(view.scroll, helpScrollLimit(height)) : 0;
  const visible = visibleHelpRows(height);
  const rows = useMemo(() => helpRows.slice(scroll, scroll + visible), [scroll, visible]);
  const columns = useMemo(
    () => [
      {title: 'KEY', width: 9},
      {title: 'WHAT IT DOES', width: Math.max(20, Math.min(50, width - 31))},
      {title: 'WHERE', width: 12},
    ],
    [width],
  );
  const more =
    helpRows.length > visible
      ? [span(`${scroll + 1}-${scroll + rows.length} of ${helpRows.length}`, 'dim')]
      : undefined;
  return (
    <BodyFrame title={[span('Help', 'title'), span(' · every key', 'dim')]} footer={more} width={width} height={height}>
      <Table columns={columns} rows={rows} />
    </BodyFrame>
  );
};
