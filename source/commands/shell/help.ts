import type {Verb} from '../verb.ts';
import {COMMON_FLAGS, FLAGS, flagText, type FlagDefinition, type FlagName} from './flags.ts';

export const PROGRAM = 'cryptoassets-console';
const LONGEST_USAGE = 110;

const words = (...parts: readonly string[]) => parts.filter(part => part !== '').join(' ');

/** `cryptoassets-console send <coin> <address> <amount> --account NAME [--key KEY]` */
export const usageOf = (verb: Verb): string => {
  const flags = verb.flags.map(name => {
    const definition = definitionOf(verb, name);
    const text = definition.value === undefined ? flagText(name) : `${flagText(name)} ${definition.value}`;
    return verb.required?.includes(name) ? text : `[${text}]`;
  });
  return words(PROGRAM, verb.name, ...verb.parameters, ...flags);
};

/** The same, with flags that make the line too long on lines of their own. */
const usageLines = (verb: Verb): string[] => {
  const lines = [''];
  for (const part of usageOf(verb).match(/\[--[^\]]*\]|--\S+ \S+|\S+/g) ?? []) {
    const longer = words(lines.at(-1)!, part);
    if (longer.length <= LONGEST_USAGE || lines.at(-1) === '') lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines.map((line, index) => (index === 0 ? `  ${line}` : `      ${line}`));
};

const definitionOf = (verb: Verb | undefined, name: FlagName): FlagDefinition => ({
  ...FLAGS[name],
  ...verb?.flagWords?.[name],
});

const flagLines = (names: readonly FlagName[], verb?: Verb): string[] =>
  names.map(name => {
    const definition = definitionOf(verb, name);
    const short = definition.shortFlag !== undefined ? `, -${definition.shortFlag}` : '';
    const value = definition.value === undefined ? '' : ` ${definition.value}`;
    return `  ${`${flagText(name)}${short}${value}`.padEnd(22)}  ${definition.help}`;
  });

export const helpOf = (verb: Verb): string[] => [
  `${verb.summary[0]!.toUpperCase()}${verb.summary.slice(1)}.`,
  '',
  'Usage',
  ...usageLines(verb),
  ...(verb.notes === undefined ? [] : ['', ...verb.notes.split('\n')]),
  '',
  'Flags',
  ...flagLines([...verb.flags, ...COMMON_FLAGS], verb),
  '',
  'Examples',
  ...verb.examples.map(example => `  ${words(PROGRAM, example)}`),
];

export const globalHelp = (verbs: readonly Verb[]): string[] => {
  const forms = verbs.map(verb => ({form: words(verb.name, ...verb.parameters), summary: verb.summary}));
  const width = Math.max(...forms.map(({form}) => form.length));
  return [
    'Takes in and pays out coins beside your application, and shows the operator what happens.',
    '',
    'Usage',
    `  ${PROGRAM} <config.yaml>             the console`,
    `  ${PROGRAM} <config.yaml> --headless  the engine alone`,
    `  ${PROGRAM} <verb> …                  one of these:`,
    '',
    'Verbs',
    ...forms.filter(({form}) => form !== '[config]').map(({form, summary}) => `  ${form.padEnd(width)}  ${summary}`),
    '',
    'Flags',
    ...flagLines([...COMMON_FLAGS, 'version']),
    '',
    'Exit codes',
    '  0 fine   1 refused or not found   2 engine fault   64 usage   69 engine or node out of reach   78 config or database',
    '',
    'New here?',
    `  ${PROGRAM} demo             an own regtest node with example traffic; nothing to set up`,
    `  ${PROGRAM} <verb> --help    arguments and examples of one verb`,
  ];
};
