import {mkdirSync, openSync} from 'node:fs';
import {dirname} from 'node:path';
import pino from 'pino';
import type {ServiceConfig} from '../config/config.ts';
import {redactText} from '../config/redact.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import {LogLines} from './log-lines.ts';

export interface EngineLog extends Log {
  /** Writes out what is still in memory; call before the process ends. */
  flush(): void;
  /**
   * Writes to a new file of the same name from now on, for whoever moved the old one away. Nothing without a file.
   * Throws `bad_config` when it cannot be opened, and writes on to the old one.
   */
  reopen(): void;
  /** What was written last, for the screen. */
  readonly lines: LogLines;
}

// What JSON itself does not escape and a terminal may obey: C1 controls, zero-width and bidi characters, tags.
const UNSAFE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

const escapeUnits = (text: string): string =>
  [...Array(text.length).keys()].map(index => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');

/** One JSON line, safe to be shown: no secret, no character that acts. Still the same JSON to a parser. */
export const safeLine = (line: string, secrets: readonly string[]): string => {
  const body = line.endsWith('\n') ? line.slice(0, -1) : line;
  return `${redactText(body, secrets).replace(UNSAFE, escapeUnits)}\n`;
};

/** A secret as it stands inside a JSON string, where quotes and backslashes are escaped. */
const asInJson = (secret: string): string => JSON.stringify(secret).slice(1, -1);

/**
 * Structured log: one JSON object a line with level, time, msg and fields, to `service.log.file` or to stdout. Never
 * blocks the engine on a slow reader. Throws `bad_config` naming the key when the file cannot be opened.
 */
export const createLog = ({level, file}: ServiceConfig['log'], secrets: readonly string[]): EngineLog => {
  let destination = openDestination(file);
  const hidden = [...new Set(secrets.flatMap(secret => [secret, asInJson(secret)]))];
  const lines = new LogLines();
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {level: label => ({level: label})},
    },
    {
      write: (line: string) => {
        const safe = safeLine(line, hidden);
        destination.write(safe);
        lines.add(safe);
      },
    },
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    flush: () => destination.flushSync(),
    reopen: () => {
      if (file === undefined) return;
      const before = destination;
      destination = openDestination(file);
      before.flushSync();
      before.end();
    },
    lines,
  };
};

const openDestination = (file: string | undefined) => {
  const destination = pino.destination({dest: file === undefined ? 1 : openFile(file), sync: false});
  // A reader that went away (a closed terminal, a dead pipe) must not take the engine with it.
  destination.on('error', () => undefined);
  return destination;
};

const openFile = (file: string): number => {
  try {
    mkdirSync(dirname(file), {recursive: true});
    // Opened here and not by pino, which opens later: a start that fails at once would find nothing to flush to.
    return openSync(file, 'a', 0o640);
  } catch (error) {
    throw new EngineError('bad_config', `cannot write the log to ${file} (service.log.file): ${messageOf(error)}`, {
      cause: error,
    });
  }
};
