// C0, DEL, C1, line separators, zero-width and bidi controls, tags, byte-order mark.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Shows control and bidi characters of foreign text as `\u{..}` escapes, so that it can be drawn or logged on one line. */
export const cleanText = (text: string, maxLength = 1000): string => {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(UNSAFE, character => `\\u{${character.codePointAt(0)!.toString(16)}}`);
};
