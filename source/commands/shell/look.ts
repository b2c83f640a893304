import {didYouMean} from '../../config/nearest.ts';
import {THEMES, type ConsoleOptions} from '../supplies.ts';
import type {Flags} from './flags.ts';
import {UsageError} from './usage-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const themeOf = (wanted: string, origin: string): (typeof THEMES)[number] => {
  const found = THEMES.find(theme => theme === wanted);
  if (found !== undefined) return found;
  throw new UsageError(
    `${origin} ${JSON.stringify(wanted)}: expected one of ${THEMES.join(', ')}${didYouMean(wanted, THEMES)}`,
  );
};

/** How the console looks: by flags, else by the environment. Throws UsageError. */
export const lookOf = (flags: Flags, environment: Environment): ConsoleOptions => {
  const fromEnvironment = environment['CRYPTOASSETS_THEME'];
  const theme =
    flags.theme === undefined
      ? fromEnvironment && themeOf(fromEnvironment, 'CRYPTOASSETS_THEME')
      : themeOf(flags.theme, '--theme');
  return {
    ascii: flags.ascii === true,
    theme: theme || undefined,
    screenReader: flags.screenReader === true || Boolean(environment['CRYPTOASSETS_SCREEN_READER']),
  };
};
