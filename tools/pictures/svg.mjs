import headless from '@xterm/headless';

// A terminal's screen as SVG: what a terminal emulator makes of it, cell by cell, so that nothing is drawn that a
// terminal would not draw. The size depends on columns and rows only.

const CELL = {width: 8.4, height: 17, font: 14};
const MARGIN = 12;
const FOREGROUND = '#d8dee9';
const BACKGROUND = '#1b1f27';
const SIXTEEN =
  '#3b4252 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d8dee9 #5c6370 #ff7b86 #b0e08a #ffd68a #7cc0ff #dd8df0 #6fd3df #ffffff'.split(
    ' ',
  );
const STEPS = [0, 95, 135, 175, 215, 255];

const hex = (...parts) => `#${parts.map(part => part.toString(16).padStart(2, '0')).join('')}`;
const indexed = index => {
  if (index < 16) return SIXTEEN[index];
  if (index > 231) return hex(...Array.from({length: 3}, () => 8 + (index - 232) * 10));
  const cube = index - 16;
  return hex(STEPS[Math.floor(cube / 36)], STEPS[Math.floor(cube / 6) % 6], STEPS[cube % 6]);
};
const rgb = value => hex((value >> 16) & 255, (value >> 8) & 255, value & 255);

const styleOf = cell => {
  const ink = cell.isFgDefault() ? FOREGROUND : cell.isFgRGB() ? rgb(cell.getFgColor()) : indexed(cell.getFgColor());
  const paper = cell.isBgDefault() ? undefined : cell.isBgRGB() ? rgb(cell.getBgColor()) : indexed(cell.getBgColor());
  const isInverse = cell.isInverse() !== 0;
  return {
    ink: isInverse ? (paper ?? BACKGROUND) : ink,
    paper: isInverse ? ink : paper,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
  };
};

const sameStyle = (a, b) => a.ink === b.ink && a.paper === b.paper && a.bold === b.bold && a.dim === b.dim;

/** Neighbours of one style together; a wide character has its second cell with it. */
const runsOf = (line, columns) => {
  const runs = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const style = styleOf(cell);
    const run = runs.at(-1);
    const text = cell.getChars() || ' ';
    if (run && sameStyle(run.style, style))
      Object.assign(run, {text: run.text + text, width: run.width + cell.getWidth()});
    else runs.push({column, text, width: cell.getWidth(), style});
  }
  return runs;
};

const escaped = text =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const number = value => String(Math.round(value * 100) / 100);

const drawRun = ({column, text, width, style}, row) => {
  const x = MARGIN + column * CELL.width;
  const y = MARGIN + row * CELL.height;
  const length = number(width * CELL.width);
  const paper = style.paper
    ? `<rect x="${number(x)}" y="${number(y)}" width="${length}" height="${CELL.height}" fill="${style.paper}"/>`
    : '';
  if (text.trim() === '') return paper;
  const weight = style.bold ? ' font-weight="bold"' : '';
  const opacity = style.dim ? ' opacity="0.6"' : '';
  return `${paper}<text x="${number(x)}" y="${number(y + CELL.font)}" fill="${style.ink}"${weight}${opacity} textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
};

/** `lines` with their colour codes, as tmux captures them. */
export const toSvg = async (lines, {columns, rows}, title) => {
  const terminal = new headless.Terminal({cols: columns, rows, allowProposedApi: true});
  await new Promise(resolve => {
    terminal.write(lines.slice(0, rows).join('\r\n'), resolve);
  });
  const drawn = [];
  for (let row = 0; row < rows; row += 1)
    for (const run of runsOf(terminal.buffer.active.getLine(row), columns)) drawn.push(drawRun(run, row));
  terminal.dispose();
  const width = number(columns * CELL.width + 2 * MARGIN);
  const height = number(rows * CELL.height + 2 * MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${CELL.font}" xml:space="preserve">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    ...drawn.filter(Boolean),
    '</svg>',
    '',
  ].join('\n');
};
