import type {Config} from '../../config/config.ts';
import {ConfigError} from '../../config/config-error.ts';
import {loadConfig} from '../../config/load.ts';
import {redactText} from '../../config/redact.ts';
import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {OpenApplication, Supplies} from '../supplies.ts';
import type {Context} from '../verb.ts';
import {exitCodeOf, EXIT} from './exit-codes.ts';
import {adviceForError} from './explain.ts';
import {globalHelp, helpOf} from './help.ts';
import {Output, type OutputStream} from './output.ts';
import {type Input, NO_INPUT} from './input.ts';
import {type Invocation, parseArguments} from './parse-arguments.ts';
import {verbs} from '../verbs.ts';
import {programVersion} from './version.ts';

export interface Surroundings {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Of the user; without it nothing can be read. */
  readonly input?: Input;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether stdin and stdout are a terminal that can draw. */
  readonly isTerminal: boolean;
  readonly createSupplies: () => Promise<Supplies>;
}

/** Runs one command line and resolves with the exit code. Whatever goes wrong is one message on stderr, never a throw. */
export const run = async (argv: readonly string[], surroundings: Surroundings): Promise<number> => {
  const asJson = argv.includes('--json');
  const {environment} = surroundings;
  const mayColour = !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  const output = new Output(surroundings.stdout, surroundings.stderr, asJson, mayColour);
  let config: Config | undefined;
  let configPath = '';
  try {
    const invocation = parseArguments(argv, verbs, surroundings.environment);
    configPath = invocation.configPath;
    if (invocation.wants !== 'run') return explainProgram(invocation, output);
    const readConfig = () => (config ??= loadConfig(configPath, surroundings.environment));
    return await invocation.verb.run(contextOf(argv, invocation, output, surroundings, readConfig));
  } catch (error) {
    const advice = adviceForError(error, {configPath, config}).map(line => redactText(line, config?.secrets ?? []));
    return reportError(error, advice, output, config?.secrets ?? []);
  }
};

/** As a shell would take it. */
const commandLine = (argv: readonly string[]): string =>
  [
    'cryptoassets-console',
    ...argv.map(word => (/^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)),
  ].join(' ');

const explainProgram = ({wants, verb}: Invocation, output: Output): number => {
  if (wants === 'version') output.result({version: programVersion()}, () => programVersion());
  else {
    const lines = wants === 'help' ? helpOf(verb) : globalHelp(verbs);
    output.result({help: lines.join('\n')}, () => lines);
  }
  return EXIT.ok;
};

const contextOf = (
  argv: readonly string[],
  {flags, values, configPath}: Invocation,
  output: Output,
  {isTerminal, input = NO_INPUT, environment, createSupplies}: Surroundings,
  config: () => Config,
): Context => {
  let supplies: Promise<Supplies> | undefined;
  const getSupplies = () => (supplies ??= createSupplies());
  return {
    values,
    flags,
    configPath,
    output,
    isTerminal,
    input,
    environment,
    config,
    supplies: getSupplies,
    async withApplication<Result>(use: (opened: OpenApplication) => Promise<Result>): Promise<Result> {
      // The config first: its mistakes are found without loading the engine.
      const checked = config();
      const opened = await (
        await getSupplies()
      ).openApplication(checked, {
        client: 'cli',
        command: redactText(commandLine(argv), checked.secrets),
      });
      try {
        return await use(opened);
      } finally {
        await opened.close();
      }
    },
  };
};

const reportError = (error: unknown, advice: readonly string[], output: Output, secrets: readonly string[]): number => {
  const exitCode = exitCodeOf(error);
  const clean = (text: string) =>
    redactText(text, secrets)
      .split('\n')
      .map(line => cleanText(line, 2000));
  const isForeseen = error instanceof EngineError;
  if (output.json) {
    const shown = {
      code: isForeseen ? error.code : 'internal',
      detail: clean(messageOf(error)).join('\n'),
      ...(isForeseen && error.field !== undefined && {field: error.field}),
      ...(error instanceof ConfigError && {problems: error.problems}),
      ...(advice.length > 0 && {advice: advice.map(line => line.trim())}),
      exit_code: exitCode,
    };
    output.failure(shown);
    return exitCode;
  }
  // A mistake of the program's own, not the user's: the stack is what a bug report needs.
  const text = isForeseen ? error.message : `internal error: ${error instanceof Error ? error.stack : String(error)}`;
  const isReport = error instanceof ConfigError;
  output.note(...clean(isReport ? text : `cryptoassets-console: ${text}`));
  if (advice.length > 0) output.note('', ...advice);
  return exitCode;
};
