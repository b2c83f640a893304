import {expect, test} from 'vitest';
import {Output, type OutputStream} from '../../source/commands/shell/output.ts';
import {formatTable} from '../../source/commands/shell/table.ts';

/** Both streams of a terminal: what is written, in the order in which it is. */
const terminal = () => {
  const writes: string[] = [];
  const failures: ((error: Error) => void)[] = [];
  const stream: OutputStream = {
    isTTY: true,
    write: text => writes.push(text) > 0,
    on: (_, listener) => failures.push(listener),
  };
  return {writes, failures, output: new Output(stream, stream, false)};
};

test('progress on a terminal is one line, rewritten and wiped before the result', () => {
  const {writes, output} = terminal();
  output.progress('99 of 200', 'a');
  output.progress('100%', 'b');
  output.result({}, () => 'finished');
  expect(writes).toEqual(['\r99 of 200', '\r100%     ', '\r    \r', 'finished\n']);
});

test('after a broken pipe nothing is written any more, and whoever follows is told', () => {
  const {writes, failures, output} = terminal();
  failures[0]?.(Object.assign(new Error('write EPIPE'), {code: 'EPIPE'}));
  expect(output.closed.aborted).toBe(true);
  expect(() => failures[0]?.(new Error('disk full'))).toThrow('disk full');
  expect(writes).toEqual([]);
});

test('columns stay aligned with wide characters and combining marks', () => {
  const rows = [{name: '東京'}, {name: 'e\u0301clair'}, {name: 'x'}];
  expect(
    formatTable(rows, [
      {title: 'NAME', cell: row => row.name},
      {title: 'N', align: 'right', cell: () => 1},
    ]),
  ).toEqual(['NAME    N', '東京    1', 'e\u0301clair  1', 'x       1']);
});
