import {EngineError} from '../primitives/errors.ts';

/** One thing that is wrong with a config file, and the fix. */
export interface ConfigProblem {
  /** As the user named it. */
  readonly file: string;
  /** 1-based; null when the file as a whole is meant. */
  readonly line: number | null;
  /** 1-based, in characters; null when the file as a whole is meant. */
  readonly column: number | null;
  /** `coins.btc.backend.url`; empty when the file as a whole is meant. */
  readonly field: string;
  /** What is wrong, what is expected, the nearest known name. Holds no secret. */
  readonly message: string;
}

/**
 * Everything that is wrong with the config, found in one pass and sorted by position. `message` is the report, one
 * line per problem; `hint` is what to do next, for people (several lines, may be empty).
 */
export class ConfigError extends EngineError {
  readonly problems: readonly ConfigProblem[];
  readonly hint: string;

  constructor(problems: readonly ConfigProblem[], hint = '') {
    const first = problems[0];
    super('bad_config', problems.map(formatProblem).join('\n'), first?.field ? {field: first.field} : {});
    this.name = 'ConfigError';
    this.problems = problems;
    this.hint = hint;
  }
}

/** `config.yaml:12:5: coins.btc.network: is "regtset"; expected …`, the form that editors and terminals can jump to. */
const formatProblem = ({file, line, column, field, message}: ConfigProblem): string => {
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  return field === '' ? `${place}: ${message}` : `${place}: ${field}: ${message}`;
};
