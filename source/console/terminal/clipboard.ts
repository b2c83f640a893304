const OSC_52 = '\u001b]52;c;';
const BELL = '\u0007';

/**
 * Puts text on the operator's clipboard through their terminal (OSC 52), over SSH too. tmux takes it itself when its
 * `set-clipboard` is on, and hands it on wrapped when `allow-passthrough` is; it is written both ways, since neither
 * can be asked for.
 */
export const clipboardCode = (text: string, environment: NodeJS.ProcessEnv): string => {
  const code = `${OSC_52}${Buffer.from(text).toString('base64')}${BELL}`;
  return environment['TMUX'] ? `${code}\u001bPtmux;${code.replaceAll('\u001b', '\u001b\u001b')}\u001b\\` : code;
};
