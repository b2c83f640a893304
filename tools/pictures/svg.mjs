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
const number = (value, digits = 2) => String(Math.round(value * 10 ** digits) / 10 ** digits);

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

const openTerminal = ({columns, rows}) => new headless.Terminal({cols: columns, rows, allowProposedApi: true});
const write = (terminal, text) => new Promise(resolve => terminal.write(text, resolve));

/** What stands on it, one element for each run of one style. */
const drawnOn = terminal => {
  const drawn = [];
  for (let row = 0; row < terminal.rows; row += 1)
    for (const run of runsOf(terminal.buffer.active.getLine(row), terminal.cols)) drawn.push(drawRun(run, row));
  return drawn.filter(Boolean);
};

const documentOf = ({columns, rows}, title, elements) => {
  const width = number(columns * CELL.width + 2 * MARGIN);
  const height = number(rows * CELL.height + 2 * MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${CELL.font}" xml:space="preserve">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    ...elements,
    '</svg>',
    '',
  ].join('\n');
};

/** `lines` with their colour codes, as tmux captures them. */
export const toSvg = async (lines, size, title) => {
  const terminal = openTerminal(size);
  await write(terminal, lines.slice(0, size.rows).join('\r\n'));
  const drawn = drawnOn(terminal);
  terminal.dispose();
  return documentOf(size, title, drawn);
};

/** Seconds between two looks at the recording, and how long its last picture stays. */
const STEP = 1;
const LAST = 3;

/** `recording`: an asciicast v2. The pictures of its seconds after each other, for ever; what stays is drawn once. */
export const toAnimation = async (recording, title) => {
  const [head, ...events] = recording
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  const terminal = openTerminal({columns: head.width, rows: head.height});
  const pictures = [];
  let next = 0;
  while (next < events.length) {
    const until = pictures.length * STEP;
    for (; next < events.length && events[next][0] <= until; next += 1) await write(terminal, events[next][2]);
    pictures.push(new Set(drawnOn(terminal)));
  }
  terminal.dispose();
  for (let more = 0; more < LAST / STEP; more += 1) pictures.push(pictures.at(-1));
  // Elements that are seen in the same pictures are one group.
  const groups = new Map();
  for (const element of new Set(pictures.flatMap(picture => [...picture]))) {
    const seen = pictures.map(picture => (picture.has(element) ? '1' : '0')).join('');
    groups.set(seen, [...(groups.get(seen) ?? []), element]);
  }
  const elements = [...groups].map(([seen, group]) => {
    if (!seen.includes('0')) return group.join('');
    const changes = Array.from(seen).flatMap((is, index) => (is === seen[index - 1] ? [] : [index]));
    const values = changes.map(index => (seen[index] === '1' ? 'visible' : 'hidden')).join(';');
    const times = changes.map(index => number(index / seen.length, 4)).join(';');
    return `<g><animate attributeName="visibility" values="${values}" keyTimes="${times}" calcMode="discrete" dur="${seen.length * STEP}s" repeatCount="indefinite"/>${group.join('')}</g>`;
  });
  return documentOf({columns: head.width, rows: head.height}, title, elements);
};
