import {completionScript, SHELLS} from './shell/completion.ts';
import {UsageError} from './shell/usage-error.ts';
import type {Verb} from './verb.ts';

/** `verbs`: asked for late, because this verb is one of them. */
export const createCompletion = (verbs: () => readonly Verb[]): Verb => ({
  name: 'completion',
  summary: 'a script that completes verbs, flags and values with the Tab key',
  parameters: ['<shell>'],
  flags: [],
  examples: ['completion bash', 'completion zsh', 'completion fish'],
  notes: [
    'bash: add to ~/.bashrc                        source <(cryptoassets-console completion bash)',
    'zsh:  add to ~/.zshrc, after compinit         source <(cryptoassets-console completion zsh)',
    'fish: cryptoassets-console completion fish > ~/.config/fish/completions/cryptoassets-console.fish',
  ].join('\n'),
  async run({values, output}) {
    const shell = SHELLS.find(known => known === values[0]);
    if (shell === undefined)
      throw new UsageError(`completion for ${JSON.stringify(values[0])}: expected ${SHELLS.join(', ')}`);
    const script = completionScript(shell, verbs());
    output.result({shell, script}, () => script.trimEnd());
    return 0;
  },
});
