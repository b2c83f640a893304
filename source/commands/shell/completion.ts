import {coins} from '../../coins/index.ts';
import {PROGRAM} from './help.ts';
import type {Verb} from '../verb.ts';
import {COMMON_FLAGS, FLAGS, type FlagName} from './flags.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const FUNCTION = '_cryptoassets_console';
const COINS = [...coins.keys()];
const FILE_FLAGS: ReadonlySet<FlagName> = new Set(['config', 'directory']);

const isValueFlag = (name: FlagName): boolean => FLAGS[name].type === 'string';
const wordsOf = (verb: Verb): string[] => verb.name.split(' ').filter(word => word !== '');
const unique = (words: readonly string[]): string[] => [...new Set(words)];
/** Inside single quotes of any of the three. */
const quoted = (text: string): string => `'${text.replaceAll("'", '')}'`;

/** First words of all verbs. */
const beginnings = (verbs: readonly Verb[]): string[] =>
  unique([...verbs.flatMap(verb => wordsOf(verb)[0] ?? []), 'help']);

const membersOf = (verbs: readonly Verb[]): [first: string, members: string[]][] =>
  beginnings(verbs)
    .map((first): [string, string[]] => [
      first,
      verbs.map(wordsOf).flatMap(([one, two]) => (one === first && two ? [two] : [])),
    ])
    .filter(([, members]) => members.length > 0);

const flagsOf = (verb: Verb): FlagName[] => unique([...verb.flags, ...COMMON_FLAGS]) as FlagName[];

const PARAMETER_WORDS: Readonly<Record<string, string>> = {
  '<coin>': COINS.join(' '),
  '<shell>': SHELLS.join(' '),
  '[config]': '-f',
};

/** What a place among the parameters takes, as far as it can be known: `-f` stands for files. */
const parameterWords = (parameter: string): string => PARAMETER_WORDS[parameter] ?? '';

/** `case` lines for bash and zsh, which agree on these: choices of flags, second words, flags and parameters of verbs. */
const caseLines = (verbs: readonly Verb[]) => {
  const choices = verbs.flatMap(verb =>
    Object.entries(verb.choices ?? {}).map(
      ([flag, values]) => `    ${quoted(`${verb.name} --${flag}`)}) printf '%s' ${quoted(values.join(' '))} ;;`,
    ),
  );
  const members = membersOf(verbs).map(
    ([first, words]) => `    ${quoted(first)}) printf '%s' ${quoted(words.join(' '))} ;;`,
  );
  const flags = verbs.map(
    verb =>
      `    ${quoted(verb.name)}) printf '%s' ${quoted(
        flagsOf(verb)
          .map(flag => `--${flag}`)
          .join(' '),
      )} ;;`,
  );
  const parameters = verbs.flatMap(verb =>
    verb.parameters.map(
      (parameter, place) =>
        `    ${quoted(`${verb.name} ${place}`)}) printf '%s' ${quoted(parameterWords(parameter))} ;;`,
    ),
  );
  return {choices, members, flags, parameters};
};

const table = (name: string, lines: readonly string[], otherwise = ''): string =>
  [
    `${FUNCTION}_${name}() {`,
    '  case "$1" in',
    ...lines,
    ...(otherwise === '' ? [] : [`    *) ${otherwise} ;;`]),
    '  esac',
    '}',
  ].join('\n');

/** What bash and zsh share: from the words before the cursor to the words that may follow; `-f` means files. */
const shared = (verbs: readonly Verb[]): string => {
  const {choices, members, flags, parameters} = caseLines(verbs);
  const valueFlags = (Object.keys(FLAGS) as FlagName[]).filter(isValueFlag).map(flag => `--${flag}`);
  const fileFlags = [...FILE_FLAGS].map(flag => `--${flag}`);
  return [
    table('choices', choices),
    table('members', members),
    table('flags', flags),
    table('parameters', parameters),
    `
# $1 is the word at the cursor, the others those before it.
${FUNCTION}_next() {
  local current="$1" previous="" word="" first="" second="" verb="" place=0 skip=0 members=""
  shift
  for word in "$@"; do
    previous="$word"
    if [ "$skip" = 1 ]; then skip=0; continue; fi
    case "$word" in
      ${valueFlags.join('|')}) skip=1 ;;
      -*) ;;
      help) [ -z "$first" ] || place=$((place + 1)) ;;
      *)
        if [ -z "$first" ]; then
          first="$word"; verb="$word"; members="$(${FUNCTION}_members "$first")"
        else
          case "$second$place: $members " in
            "0:"*" $word "*) second="$word"; verb="$first $word" ;;
            *) place=$((place + 1)) ;;
          esac
        fi ;;
    esac
  done
  if [ "$skip" = 1 ]; then
    case "$previous" in
      ${fileFlags.join('|')}) printf '%s' -f ;;
      --coin) printf '%s' ${quoted(COINS.join(' '))} ;;
      *) ${FUNCTION}_choices "$verb $previous" ;;
    esac
    return
  fi
  case "$current" in
    -*) ${FUNCTION}_flags "$verb"; return ;;
  esac
  if [ -z "$first" ]; then
    printf '%s' ${quoted(`${beginnings(verbs).join(' ')} -f`)}
  elif [ -n "$members" ] && [ -z "$second" ] && [ "$place" = 0 ]; then
    printf '%s ' "$members"
    ${FUNCTION}_parameters "$verb 0"
  else
    ${FUNCTION}_parameters "$verb $place"
  fi
}`,
  ].join('\n');
};

const bash = (
  verbs: readonly Verb[],
): string => `# bash completion of ${PROGRAM}. Load it: source <(${PROGRAM} completion bash)
${shared(verbs)}

${FUNCTION}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  words="$(${FUNCTION}_next "$current" "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  COMPREPLY=()
  case " $words " in
    *" -f "*) words="\${words//-f/}"; compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
  mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F ${FUNCTION} ${PROGRAM}
`;

const zsh = (verbs: readonly Verb[]): string => `#compdef ${PROGRAM}
# zsh completion of ${PROGRAM}. Load it: source <(${PROGRAM} completion zsh)
${shared(verbs)}

${FUNCTION}() {
  local next="$(${FUNCTION}_next "\${words[CURRENT]}" "\${(@)words[2,CURRENT-1]}")"
  local -a choices=(\${=next})
  if (( \${choices[(Ie)-f]} )); then
    choices=("\${(@)choices:#-f}")
    _files
  fi
  compadd -- "\${choices[@]}"
}
if (( \${+functions[compdef]} )); then
  compdef ${FUNCTION} ${PROGRAM}
fi
`;

const fishFlag = (condition: string, name: FlagName, verb: Verb): string => {
  const {help} = FLAGS[name];
  const choices = name === 'coin' ? COINS : (verb.choices?.[name] ?? []);
  const value = FILE_FLAGS.has(name) ? ' -r -F' : choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : ' -x';
  return `complete -c ${PROGRAM} -n ${quoted(condition)} -l ${name}${isValueFlag(name) ? value : ''} -d ${quoted(help)}`;
};

const fish = (verbs: readonly Verb[]): string => {
  const lines: string[] = [];
  for (const first of beginnings(verbs)) {
    const summary = verbs.find(verb => wordsOf(verb)[0] === first)?.summary ?? 'what a verb does';
    lines.push(`complete -c ${PROGRAM} -f -n ${quoted(`${FUNCTION}_is 0`)} -a ${first} -d ${quoted(summary)}`);
  }
  for (const verb of verbs) {
    const words = wordsOf(verb);
    const condition = `${FUNCTION}_verb ${words.join(' ')}`.trimEnd();
    if (words.length === 2)
      lines.push(
        `complete -c ${PROGRAM} -f -n ${quoted(`${FUNCTION}_is 1 ${words[0]}`)} -a ${words[1]} -d ${quoted(verb.summary)}`,
      );
    for (const [place, parameter] of verb.parameters.entries()) {
      const known = parameterWords(parameter);
      const when = quoted(`${FUNCTION}_is ${words.length + place} ${words.join(' ')}`.trimEnd());
      if (known === '-f') lines.push(`complete -c ${PROGRAM} -F -n ${when}`);
      else lines.push(`complete -c ${PROGRAM} -f -n ${when}${known === '' ? '' : ` -a ${quoted(known)}`}`);
    }
    if (words.length > 0) for (const name of flagsOf(verb)) lines.push(fishFlag(condition, name, verb));
  }
  const valueFlags = (Object.keys(FLAGS) as FlagName[]).filter(isValueFlag).map(flag => `--${flag}`);
  return `# fish completion of ${PROGRAM}. Load it: ${PROGRAM} completion fish | source
# The words before the cursor that are neither flags nor their values.
function ${FUNCTION}_words
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${valueFlags.join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end
function ${FUNCTION}_verb
    set -l words (${FUNCTION}_words)
    set -l wanted (count $argv)
    test (count $words) -ge $wanted; or return 1
    test "$words[1..$wanted]" = "$argv"
end
# Whether there are so many words, beginning with these.
function ${FUNCTION}_is
    set -l words (${FUNCTION}_words)
    test (count $words) -eq $argv[1]; or return 1
    test (count $argv) -eq 1; or ${FUNCTION}_verb $argv[2..]
end
${lines.join('\n')}
`;
};

/** A script for that shell, made from the verbs and flags that the program knows. */
export const completionScript = (shell: Shell, verbs: readonly Verb[]): string => ({bash, zsh, fish})[shell](verbs);
