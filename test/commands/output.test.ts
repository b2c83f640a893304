import {describe, expect, test} from 'vitest';
import {Output, type OutputStream} from '../../source/commands/shell/output.ts';
import {formatTable, type Column} from '../../source/commands/shell/table.ts';

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

describe('tables', () => {
  const rows = [
    {id: 'a'.repeat(64), amount: '0.50000000', status: 'settled', words: 'nothing to say'},
    {id: `b${'0'.repeat(62)}c`, amount: '12.00000000', status: 'held', words: 'above 1.00000000; release or cancel it'},
  ];
  type Row = (typeof rows)[number];
  const columns: readonly Column<Row>[] = [
    {title: 'ID', cut: 'middle', cell: row => row.id},
    {title: 'AMOUNT', align: 'right', cell: row => row.amount},
    {title: 'STATUS', coloured: true, cell: row => row.status},
    {title: 'WHY', cut: 'end', cell: row => row.words},
  ];

  test('fit the terminal: ids lose their middle, words their end, amounts nothing', () => {
    expect(formatTable(rows, columns, {width: 60})).toMatchInlineSnapshot(`
      [
        "ID                       AMOUNT  STATUS   WHY",
        "aaaaaaaaa…aaaaaaaa   0.50000000  settled  nothing to say",
        "b00000000…0000000c  12.00000000  held     above 1.00000000;…",
      ]
    `);
  });

  test.each([200, 80, 60, 50])('no line is wider than %i columns', width => {
    for (const line of formatTable(rows, columns, {width})) expect(line.length).toBeLessThanOrEqual(width);
  });

  test('what cannot be cut stays whole on a terminal too narrow for it', () => {
    for (const line of formatTable(rows, columns, {width: 20}).slice(1)) expect(line).toMatch(/\d\.\d{8}  /);
  });

  test('are whole and plain where no terminal is', () => {
    const text = formatTable(rows, columns).join('\n');
    expect(text).toContain(rows[0]!.id);
    expect(text).not.toContain('\u001b');
  });

  test('colour states only, and only when asked to', () => {
    const [header, settled, held] = formatTable(rows, columns, {colours: true});
    expect(header).toContain('\u001b[2mID');
    expect(settled).toContain('\u001b[32msettled');
    expect(held).toContain('\u001b[33mheld');
    expect(settled).not.toContain('\u001b[32m0.5');
  });

  test('wide characters are measured as terminals draw them', () => {
    const wide = [{...rows[0]!, words: '東京都千代田区丸の内一丁目'}];
    for (const width of [60, 61, 62, 63])
      for (const line of formatTable(wide, columns, {width})) {
        const drawn = Array.from(line).reduce((sum, one) => sum + (one > '\u2fff' ? 2 : 1), 0);
        expect(drawn).toBeLessThanOrEqual(width);
      }
  });
});
