/** One key press: a printable character as it is, else a name (`enter`, `up`, `ctrl-c`). */
export type KeyName = string;

const CONTROL: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  ' ': 'space',
};

const SEQUENCES: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'shift-tab',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '5~': 'pageup',
  '6~': 'pagedown',
  '7~': 'home',
  '8~': 'end',
};

// CSI or SS3 with parameters and final byte.
// oxlint-disable-next-line no-control-regex -- terminals speak in control characters
const ESCAPE = /^\u001b(?:\[([0-9;:?<=>]*)([\u0040-\u007e])|O([\u0040-\u007e]))/u;
const PASTE_BEGIN = '\u001b[200~';
const PASTE_END = '\u001b[201~';

export interface Split {
  readonly keys: readonly KeyName[];
  /** An unfinished escape sequence at the end: more may follow, or it was the Escape key. */
  readonly rest: string;
}

const keyOf = (character: string): KeyName | undefined => {
  const known = CONTROL[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0)!;
  if (code === 0) return undefined;
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : character;
};

const readEscape = (text: string): {key: KeyName | undefined; length: number} | undefined => {
  const match = ESCAPE.exec(text);
  if (!match) return undefined;
  const [whole, parameters, final, single] = match;
  const length = whole.length;
  if (single !== undefined) return {key: single === 'M' ? 'enter' : SEQUENCES[single], length};
  // A modifier (`1;5A`) does not make an arrow another key. Replies of the terminal have no name and are dropped.
  const code = final === '~' ? `${parameters!.split(';')[0]}~` : final!;
  return {key: SEQUENCES[code], length};
};

/**
 * Takes a chunk of terminal input apart into keys. SSH, tmux and fast fingers send many keys in one chunk; each counts.
 * Pasted text (bracketed) comes as single characters without control keys, so that a paste can never press Enter.
 */
export const splitKeys = (input: string): Split => {
  const keys: KeyName[] = [];
  let text = input;
  while (text !== '') {
    if (text.startsWith(PASTE_BEGIN)) {
      const end = text.indexOf(PASTE_END);
      if (end === -1) return {keys, rest: text.length > 4096 ? '' : text};
      keys.push(...pasted(text.slice(PASTE_BEGIN.length, end)));
      text = text.slice(end + PASTE_END.length);
      continue;
    }
    if (text.startsWith('\u001b')) {
      // Escape and another key in one chunk (terminals also send Alt like that, which means nothing here).
      if (text.length > 1 && text[1] !== '[' && text[1] !== 'O') {
        keys.push('escape');
        text = text.slice(1);
        continue;
      }
      const escape = readEscape(text);
      if (!escape) return text.length > 64 ? {keys, rest: ''} : {keys, rest: text};
      if (escape.key !== undefined) keys.push(escape.key);
      text = text.slice(escape.length);
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(0)!);
    const key = keyOf(character);
    if (key !== undefined) keys.push(key);
    text = text.slice(character.length);
  }
  return {keys, rest: ''};
};

const pasted = (text: string): KeyName[] => (text.match(/[ -~]/g) ?? []).map(character => `paste-${character}`);

/** What a key writes into a field; undefined for keys that write nothing. */
export const textOf = (key: KeyName): string | undefined => {
  if (key === 'space') return ' ';
  const text = key.startsWith('paste-') ? key.slice('paste-'.length) : key;
  return text.length === String.fromCodePoint(text.codePointAt(0) ?? 0).length ? text : undefined;
};
