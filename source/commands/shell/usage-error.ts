import {EngineError} from '../../primitives/errors.ts';

/** The command line itself is wrong: exit 64. `hint` shows the right form. */
export class UsageError extends EngineError {
  readonly hint: string;

  constructor(message: string, hint = '  See: cryptoassets-console --help') {
    super('usage', message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}
