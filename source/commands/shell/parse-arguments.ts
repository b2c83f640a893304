import {existsSync} from 'node:fs';
import meow from 'meow';
import {didYouMean} from '../../config/nearest.ts';
import type {Verb} from '../verb.ts';
import {COMMON_FLAGS, FLAGS, flagText, type FlagName, type Flags} from './flags.ts';
import {usageOf} from './help.ts';
import {UsageError} from './usage-error.ts';

export interface Invocation {
  readonly verb: Verb;
  readonly flags: Flags;
  /** Parameters after the verb, without the config. */
  readonly values: readonly string[];
  readonly configPath: string;
  /** `--help` and `--version` win over every other mistake. */
  readonly wants: 'run' | 'help' | 'global-help' | 'version';
}

/** What the user asked for. Throws UsageError naming what is wrong and the nearest known verb or flag. */
export const parseArguments = (
  argv: readonly string[],
  verbs: readonly Verb[],
  environment: Readonly<Record<string, string | undefined>>,
): Invocation => {
  const {input, flags} = splitFlags(argv);
  const asksForHelp = flags.help === true || input[0] === 'help';
  const spoken = input[0] === 'help' ? input.slice(1) : input;
  const consoleVerb = verbs.find(verb => verb.name === '')!;
  const plain = {flags, values: [], configPath: ''};
  if (flags.version) return {...plain, verb: consoleVerb, wants: 'version'};
  if (asksForHelp && spoken.length === 0) return {...plain, verb: consoleVerb, wants: 'global-help'};

  const verb = findVerb(spoken, verbs);
  if (asksForHelp) return {...plain, verb, wants: 'help'};
  checkFlags(verb, flags);
  const {values, config} = splitConfig(verb, spoken.slice(verb.name === '' ? 0 : verb.name.split(' ').length), flags);
  const configPath = config ?? (environment['CRYPTOASSETS_CONFIG'] || 'config.yaml');
  return {verb, flags, values, configPath, wants: 'run'};
};

const splitFlags = (argv: readonly string[]): {input: string[]; flags: Flags & Record<string, unknown>} => {
  try {
    const {input, flags} = meow({
      argv,
      importMeta: import.meta,
      pkg: {name: 'cryptoassets-console'},
      description: false,
      help: '',
      autoHelp: false,
      autoVersion: false,
      // Unknown ones are reported by checkFlags, with the nearest known.
      allowUnknownFlags: true,
      booleanDefault: undefined,
      flags: FLAGS,
    });
    return {
      input: [...input],
      flags: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
    };
  } catch (error) {
    // meow throws plain errors, for a flag that was given twice.
    throw new UsageError(error instanceof Error ? error.message.replace(/\.$/, '') : String(error));
  }
};

const findVerb = (input: readonly string[], verbs: readonly Verb[]): Verb => {
  const [first, second] = input;
  const named = (name: string) => verbs.find(verb => verb.name === name);
  if (first === undefined) return named('')!;
  const found = named(`${first} ${second ?? ''}`) ?? named(first);
  if (found && found.name !== '') return found;
  const members = verbs.filter(verb => verb.name.startsWith(`${first} `)).map(verb => verb.name.split(' ')[1]!);
  if (members.length > 0) {
    const forms = verbs.filter(verb => verb.name.startsWith(`${first} `)).map(verb => `  ${usageOf(verb)}`);
    const problem = second === undefined ? `${first} needs one of: ${members.join(', ')}` : `${first} has no ${second}`;
    throw new UsageError(`${problem}${second === undefined ? '' : didYouMean(second, members)}`, forms.join('\n'));
  }
  if (/[./\\]/.test(first) || existsSync(first)) return named('')!;
  const starts = [...new Set(verbs.map(verb => verb.name.split(' ')[0]!).filter(name => name !== ''))];
  throw new UsageError(`there is no verb ${JSON.stringify(first)}${didYouMean(first, [...starts, 'help'])}`);
};

const checkFlags = (verb: Verb, flags: Flags & Record<string, unknown>): void => {
  const hint = `  Usage: ${usageOf(verb)}`;
  const known: readonly string[] = [...verb.flags, ...COMMON_FLAGS, 'version'];
  const title = verb.name === '' ? 'the console' : verb.name;
  for (const [name, value] of Object.entries(flags)) {
    const written = name.length === 1 ? `-${name}` : flagText(name);
    if (!known.includes(name)) {
      const near = didYouMean(
        flagText(name).slice(2),
        known.map(name => flagText(name).slice(2)),
      ).replace('mean ', 'mean --');
      throw new UsageError(`${title} has no flag ${written}${near}`, hint);
    }
    if (value === '') throw new UsageError(`${written} needs a value`, hint);
  }
  const missing = verb.required?.find(name => flags[name] === undefined);
  if (missing !== undefined)
    throw new UsageError(`${title} needs --${missing} ${verb.flagWords?.[missing]?.value ?? valueOf(missing)}`, hint);
};

const valueOf = (name: FlagName): string => {
  const definition = FLAGS[name];
  return 'value' in definition ? definition.value : '';
};

/** Takes the config out of the parameters where the verb has it among them, and checks their number. */
const splitConfig = (
  verb: Verb,
  given: readonly string[],
  flags: Flags,
): {values: readonly string[]; config: string | undefined} => {
  const hint = `  Usage: ${usageOf(verb)}`;
  const missing = verb.parameters.slice(given.length).find(parameter => parameter.startsWith('<'));
  if (missing !== undefined) throw new UsageError(`${verb.name} needs ${missing}`, hint);
  const extra = given[verb.parameters.length];
  if (extra !== undefined)
    throw new UsageError(
      `${verb.name === '' ? 'the console' : verb.name} does not take ${JSON.stringify(extra)}`,
      hint,
    );
  const place = verb.parameters.indexOf('[config]');
  const positional = place < 0 ? undefined : given[place];
  if (positional !== undefined && flags.config !== undefined && positional !== flags.config)
    throw new UsageError(`two configs are named, ${positional} and --config ${flags.config}; expected one`, hint);
  return {values: given.filter((_, index) => index !== place), config: positional ?? flags.config};
};
