import {
  EVENT_ID,
  type Event,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
  boolCoreTag,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  nullCoreTag,
  parseEvents,
  NOT_RESOLVED,
} from 'js-yaml';
import {cleanText} from '../primitives/clean-text.ts';

type YamlScalar = string | number | boolean | null;

/** A YAML value with its place in the source (UTF-16 offsets), so that a problem can name line and column. */
export type YamlNode =
  | {readonly kind: 'scalar'; readonly offset: number; readonly value: YamlScalar; readonly text: string}
  | {readonly kind: 'list'; readonly offset: number; readonly items: YamlNode[]}
  | YamlMapping;

interface YamlMapping {
  readonly kind: 'mapping';
  readonly offset: number;
  readonly entries: Map<string, {readonly keyOffset: number; readonly value: YamlNode}>;
}

export interface YamlProblem {
  readonly offset: number;
  /** Path of keys and list indexes. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** More values than any config has; aliases count as what they stand for, so that a few lines cannot become millions. */
const MAX_VALUES = 10_000;

/** YAML 1.2 core, one document, no tags, no merge keys. Undefined root only with problems that say why. */
export const parseYaml = (source: string): {root: YamlNode | undefined; problems: YamlProblem[]} => {
  let events: Event[];
  try {
    events = parseEvents(source, {maxDepth: 50});
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return {root: undefined, problems: [syntaxProblem(source, error)]};
  }
  return new TreeBuilder(source, events).build();
};

const syntaxProblem = (source: string, error: YAMLException): YamlProblem => {
  const offset = error.mark?.position ?? 0;
  const isVariable = [...source.matchAll(/\$\{\w*\}?/g)].some(
    ({0: text, index}) => index <= offset && offset <= index + text.length,
  );
  let message = `is not valid YAML: ${cleanText(error.reason)}`;
  if (/tab character/.test(error.reason)) message = 'a tab is used for indentation; YAML allows only spaces there';
  else if (isVariable) message = 'a `${VAR}` inside `{…}` or `[…]` must be quoted: "${VAR}"';
  return {offset, path: [], message};
};

interface Anchor {
  readonly node: YamlNode;
  readonly values: number;
}

class TreeBuilder {
  readonly #source: string;
  readonly #events: Event[];
  readonly #problems: YamlProblem[] = [];
  readonly #anchors = new Map<string, Anchor>();
  readonly #path: (string | number)[] = [];
  #next = 0;
  #values = 0;
  #tooMany = false;

  constructor(source: string, events: Event[]) {
    this.#source = source;
    this.#events = events;
  }

  build(): {root: YamlNode | undefined; problems: YamlProblem[]} {
    let root: YamlNode | undefined;
    if (this.#events.length === 0) this.#problem(0, 'is empty; expected at least a `coins:` section');
    else {
      this.#next = 1;
      root = this.#node(0);
      this.#next += 1;
      const second = this.#events[this.#next + 1];
      if (this.#next < this.#events.length)
        this.#problem(second ? startOf(second) : 0, 'a second YAML document begins; expected one (remove the `---`)');
    }
    return {root: this.#tooMany ? undefined : root, problems: this.#problems};
  }

  #problem(offset: number, message: string): void {
    this.#problems.push({offset: Math.max(offset, 0), path: [...this.#path], message});
  }

  /** `fallback` is the place of an empty value, which has none of its own. */
  #node(fallback: number): YamlNode {
    const event = this.#events[this.#next]!;
    this.#next += 1;
    if (event.type === EVENT_ID.ALIAS) return this.#alias(event.anchorStart, event.anchorEnd);
    const before = this.#values;
    this.#count(1, fallback);
    if ('tagStart' in event && event.tagStart >= 0)
      this.#problem(
        event.tagStart,
        `has the tag ${cleanText(this.#source.slice(event.tagStart, event.tagEnd), 60)}; expected plain YAML without tags`,
      );
    const node =
      event.type === EVENT_ID.MAPPING
        ? this.#mapping(event.start)
        : event.type === EVENT_ID.SEQUENCE
          ? this.#list(event.start)
          : this.#scalar(event as ScalarEvent, fallback);
    if ('anchorStart' in event && event.anchorStart >= 0) {
      const name = this.#source.slice(event.anchorStart, event.anchorEnd);
      this.#anchors.set(name, {node, values: this.#values - before});
    }
    return node;
  }

  #alias(start: number, end: number): YamlNode {
    const name = this.#source.slice(start, end);
    const anchor = this.#anchors.get(name);
    if (anchor === undefined) {
      this.#problem(
        start - 1,
        `*${cleanText(name, 60)} points at nothing above it; expected a value or a known anchor`,
      );
      return {kind: 'scalar', offset: start - 1, value: null, text: ''};
    }
    this.#count(anchor.values, start - 1);
    return anchor.node;
  }

  #count(values: number, offset: number): void {
    this.#values += values;
    if (this.#values <= MAX_VALUES || this.#tooMany) return;
    this.#tooMany = true;
    this.#problem(
      offset,
      `holds more than ${MAX_VALUES} values once its aliases (*name) are filled in; write them out`,
    );
  }

  #list(offset: number): YamlNode {
    const items: YamlNode[] = [];
    while (this.#events[this.#next]!.type !== EVENT_ID.POP) {
      this.#path.push(items.length);
      items.push(this.#node(offset));
      this.#path.pop();
    }
    this.#next += 1;
    return {kind: 'list', offset, items};
  }

  #mapping(offset: number): YamlMapping {
    const entries: YamlMapping['entries'] = new Map();
    while (this.#events[this.#next]!.type !== EVENT_ID.POP) {
      const keyEvent = this.#events[this.#next]!;
      const keyOffset = Math.max(startOf(keyEvent), offset);
      const key = this.#node(offset);
      const name = key.kind === 'scalar' ? key.text : undefined;
      this.#path.push(name ?? '?');
      const value = this.#node(keyOffset);
      const earlier = name === undefined ? undefined : entries.get(name);
      if (name === undefined) this.#problem(keyOffset, 'a key is a list or a mapping; expected a plain name');
      else if (earlier)
        this.#problem(keyOffset, `is given twice; the first is on line ${lineOf(this.#source, earlier.keyOffset)}`);
      else if (name === '__proto__') this.#problem(keyOffset, 'is not a key of this file');
      else if (name === '<<')
        this.#problem(keyOffset, 'merge keys (<<) are not supported; write the keys out, or alias one value (*name)');
      else entries.set(name, {keyOffset, value});
      this.#path.pop();
    }
    this.#next += 1;
    return {kind: 'mapping', offset, entries};
  }

  #scalar(event: ScalarEvent, fallback: number): YamlNode {
    const text = getScalarValue(this.#source, event);
    const offset = event.valueStart < 0 ? fallback : quoteStart(event);
    return {kind: 'scalar', offset, text, value: event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text};
  }
}

const resolvePlain = (text: string): YamlScalar => {
  for (const tag of [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag]) {
    const value: YamlScalar | typeof NOT_RESOLVED = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return text;
};

/** Offsets of quoted scalars point behind the quote; an editor's cursor belongs on it. */
const quoteStart = (event: ScalarEvent): number =>
  event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
    ? event.valueStart - 1
    : event.valueStart;

const startOf = (event: Event): number => {
  if (event.type === EVENT_ID.SCALAR) return quoteStart(event);
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  return 'start' in event ? event.start : 0;
};

const lineOf = (source: string, offset: number): number => source.slice(0, offset).split('\n').length;
