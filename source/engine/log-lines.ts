import type {LogLevel, LogLine, LogQuery, Page} from '../contract/index.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {EngineError} from '../primitives/errors.ts';

/** Different lines kept of each level, so that chatter never pushes a warning out. */
const KEPT = 300;
const LONGEST = 500;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** Fields that say where a line comes from, or differ with every repeat of it. */
const ASIDE: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'loop',
  'sink',
  'coin',
  'attempt',
  'event',
  'code',
]);

interface Entry {
  line: LogLine;
  /** Grows with everything that is said. */
  order: number;
}

const wordOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  return value === null || value === undefined ? undefined : JSON.stringify(value);
};

const sourceOf = (fields: Record<string, unknown>): string | null => {
  const words = [fields['coin'], fields['loop'] ?? fields['sink']].filter(word => typeof word === 'string');
  return words.length === 0 ? null : words.join(' ');
};

const textOf = (fields: Record<string, unknown>): string => {
  const rest = Object.entries(fields).flatMap(([name, value]) => {
    const word = ASIDE.has(name) ? undefined : wordOf(value);
    return word === undefined ? [] : `${name}=${word}`;
  });
  return cleanText([wordOf(fields['msg']) ?? '', ...rest].join('  '), LONGEST);
};

const levelOf = (word: unknown): LogLevel => {
  if (word === 'fatal') return 'error';
  return LEVELS.find(level => level === word) ?? 'info';
};

/**
 * The last lines of the log in memory, as a screen shows them: fields as words, and a line that is said again is the
 * same line with a higher count. Takes lines that were made safe before (engine/log.ts).
 */
export class LogLines {
  /** In the order in which they were last said. */
  readonly #entries = new Map<string, Entry>();
  readonly #numbers = new Map<LogLevel, number>();
  #order = 0;

  /** One structured line as it was written. */
  add(written: string): void {
    const fields = JSON.parse(written) as Record<string, unknown>;
    const level = levelOf(fields['level']);
    const source = sourceOf(fields);
    const at = String(fields['time']);
    const key = `${level} ${source} ${wordOf(fields['msg'])}`;
    const known = this.#entries.get(key)?.line;
    this.#order += 1;
    this.#entries.delete(key);
    this.#entries.set(key, {
      order: this.#order,
      line: {
        id: known?.id ?? String(this.#order),
        level,
        source,
        text: textOf(fields),
        count: (known?.count ?? 0) + 1,
        since: known?.since ?? at,
        at,
      },
    });
    if (!known) this.#makeRoom(level);
  }

  newest(limit: number): LogLine[] {
    return [...this.#entries.values()]
      .slice(-limit)
      .reverse()
      .map(({line}) => line);
  }

  /** Newest first. Throws `bad_cursor`. */
  page({limit, cursor, level}: LogQuery): Page<LogLine> {
    if (cursor !== undefined && !/^[0-9]{1,15}$/.test(cursor))
      throw new EngineError('bad_cursor', 'the cursor is not one that a list gave', {field: 'cursor'});
    const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor);
    const least = LEVELS.indexOf(level ?? 'debug');
    const found = [...this.#entries.values()]
      .filter(({line, order}) => order < before && LEVELS.indexOf(line.level) >= least)
      .reverse();
    const shown = found.slice(0, limit);
    return {
      items: shown.map(({line}) => line),
      next: found.length > limit ? String(shown.at(-1)!.order) : null,
    };
  }

  #makeRoom(level: LogLevel): void {
    const number = (this.#numbers.get(level) ?? 0) + 1;
    this.#numbers.set(level, Math.min(number, KEPT));
    if (number <= KEPT) return;
    for (const [key, {line}] of this.#entries)
      if (line.level === level) {
        this.#entries.delete(key);
        return;
      }
  }
}
