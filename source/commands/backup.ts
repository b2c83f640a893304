import {resolve} from 'node:path';
import {formatTable} from './shell/table.ts';
import type {BackupManifest} from './supplies.ts';
import type {Verb} from './verb.ts';

const linesOf = ({ledgers}: BackupManifest): string[] =>
  formatTable(ledgers, [
    {title: 'COIN', cell: ledger => ledger.coin},
    {title: 'NETWORK', cell: ledger => ledger.network},
    {title: 'HEIGHT', align: 'right', cell: ledger => ledger.height},
    {title: 'LAST EVENT', align: 'right', cell: ledger => ledger.sequence},
    {title: 'BYTES', align: 'right', cell: ledger => ledger.bytes},
    {title: 'FILE', cell: ledger => ledger.file},
  ]);

export const backup: Verb = {
  name: 'backup',
  summary: 'copy every ledger to a new folder while the engine runs, checked, with a manifest',
  parameters: ['[config]'],
  flags: ['to'],
  required: ['to'],
  examples: ['backup --to /backups/2026-01-31', 'backup config.yaml --to /backups/today --json'],
  notes:
    'The folder must be new or empty. Keep the wallet of the node too: the ledger holds no keys. See docs/operations.md.',
  async run(context) {
    const config = context.config();
    const folder = resolve(context.flags.to ?? '');
    const manifest = await (await context.supplies()).backup(config, folder);
    context.output.result({folder, ...manifest}, () => linesOf(manifest));
    context.output.hint(
      '',
      `  Back it comes with:  cryptoassets-console restore ${context.configPath} --backup ${folder}`,
    );
    return 0;
  },
};

export const restore: Verb = {
  name: 'restore',
  summary: 'put the ledgers of a backup in the place of lost ones, with payouts paused',
  parameters: ['[config]'],
  flags: ['backup'],
  required: ['backup'],
  examples: ['restore --backup /backups/2026-01-31', 'restore config.yaml --backup /backups/today'],
  notes: [
    'Never overwrites: move away what is left of the old ledgers, with their -wal and -shm. No engine may run.',
    'What was paid after the backup is not in it: payouts stay paused until the books match the chain and you resume',
    'them. Read docs/operations.md before you do.',
  ].join('\n'),
  async run(context) {
    const config = context.config();
    const folder = resolve(context.flags.backup ?? '');
    const manifest = await (await context.supplies()).restore(config, folder);
    context.output.result({folder, ...manifest}, () => linesOf(manifest));
    context.output.hint(
      '',
      `  1. Start the engine:     cryptoassets-console ${context.configPath}`,
      '  2. It catches up with the chain; compare what was paid since the backup with your application',
      ...manifest.ledgers.map(({coin}) => `  3. Let payouts go on:    cryptoassets-console payouts resume ${coin}`),
    );
    return 0;
  },
};
