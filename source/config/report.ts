import type {z} from 'zod';
import {withoutPrivateKeys} from '../descriptors/index.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {type ConfigProblem} from './config-error.ts';
import {fieldName} from './fill-variables.ts';
import type {YamlNode, YamlProblem} from './parse-yaml.ts';

type Path = readonly (string | number)[];

/** Values of these keys are never shown, right or wrong. */
const SECRET_KEYS = new Set(['password', 'secret', 'token', 'api_key', 'pin', 'key', 'keys']);

/** What is wrong in each schema issue, at its place in the source: `is "regtset"; expected one of …`. */
export const schemaProblems = (root: YamlNode, issues: readonly z.core.$ZodIssue[]): YamlProblem[] =>
  issues.flatMap(issue => {
    const path = issue.path.map(part => (typeof part === 'number' ? part : String(part)));
    if (issue.code === 'unrecognized_keys') {
      const lines = issue.message.split('\n');
      return issue.keys.map((key, index) => problem(root, [...path, key], lines[index]!, 'key'));
    }
    const isSentence = !issue.message.startsWith('expected ');
    return [problem(root, path, isSentence ? issue.message : `${whatIsThere(root, path)}; ${issue.message}`)];
  });

const problem = (root: YamlNode, path: Path, message: string, at: 'key' | 'value' = 'value'): YamlProblem => ({
  offset: placeOf(root, path, at),
  path,
  message,
});

const whatIsThere = (root: YamlNode, path: Path): string => {
  const node = nodeAt(root, path);
  if (node === undefined) return 'is missing';
  if (node.kind !== 'scalar') return `is a ${node.kind}`;
  if (node.value === null) return 'is empty';
  const key = path.findLast(part => typeof part === 'string');
  if (typeof key === 'string' && SECRET_KEYS.has(key))
    return typeof node.value === 'string' ? 'does not fit' : `is a ${typeof node.value}; put it in quotes`;
  // As written in the file: what a variable stands for may be secret, also in a field that is not.
  const shown = cleanText(withoutPrivateKeys(node.text), 60).replaceAll(/\/\/[^/@\s]*@/g, '//***@');
  return typeof node.value === 'string' ? `is ${JSON.stringify(shown)}` : `is the ${typeof node.value} ${shown}`;
};

const nodeAt = (root: YamlNode, path: Path): YamlNode | undefined => {
  let node: YamlNode | undefined = root;
  for (const part of path) {
    if (node?.kind === 'mapping') node = node.entries.get(String(part))?.value;
    else if (node?.kind === 'list' && typeof part === 'number') node = node.items[part];
    else return undefined;
  }
  return node;
};

/** Where to put the cursor: at the value, at its key, or for what is missing at the key of what should hold it. */
const placeOf = (root: YamlNode, path: Path, at: 'key' | 'value'): number => {
  let node: YamlNode = root;
  let offset = root.offset;
  for (const [index, part] of path.entries()) {
    const isLast = index === path.length - 1;
    if (node.kind === 'mapping') {
      const entry = node.entries.get(String(part));
      if (entry === undefined) return offset;
      offset = entry.keyOffset;
      node = entry.value;
      if (isLast && at === 'value' && node.kind === 'scalar') offset = node.offset;
    } else if (node.kind === 'list' && typeof part === 'number' && node.items[part]) {
      node = node.items[part];
      offset = node.offset;
    } else return offset;
  }
  return offset;
};

/** Sorted by place, one per field and sentence, with line and column. */
export const toConfigProblems = (file: string, source: string, problems: readonly YamlProblem[]): ConfigProblem[] => {
  const starts = lineStarts(source);
  const seen = new Set<string>();
  const found: ConfigProblem[] = [];
  for (const {offset, path, message} of problems.toSorted((one, other) => one.offset - other.offset)) {
    const field = fieldName(path);
    const key = `${field}\n${message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const line = starts.findLastIndex(start => start <= offset);
    found.push({file, line: line + 1, column: offset - starts[line]! + 1, field, message});
  }
  return found;
};

const lineStarts = (source: string): number[] => {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
};
