import {cleanText} from '../../primitives/clean-text.ts';
import type {Finding} from '../supplies.ts';
import type {Context} from '../verb.ts';
import {worstExitCode} from './exit-codes.ts';
import {adviceFor} from './explain.ts';

const toJson = ({exitCode, ...finding}: Finding) => ({
  ...finding,
  ...(exitCode !== undefined && {exit_code: exitCode}),
});

/**
 * Prints findings as a checklist, `ok` or `FAILED` with the fix, and gives the exit code that the worst of them asks
 * for. With `--json`: `{ok, findings}`.
 */
export const reportFindings = (context: Context, findings: readonly Finding[]): number => {
  const failed = findings.filter(finding => !finding.ok);
  const width = Math.max(0, ...findings.map(finding => finding.subject.length));
  const indent = ' '.repeat('FAILED  '.length + width + 2);
  const lines = findings.flatMap(finding => {
    const [first = '', ...rest] = finding.words.split('\n').map(line => cleanText(line));
    return [
      `${finding.ok ? 'ok    ' : 'FAILED'}  ${cleanText(finding.subject).padEnd(width)}  ${first}`,
      ...rest.map(line => `${indent}${line}`),
    ];
  });
  context.output.result({ok: failed.length === 0, findings: findings.map(toJson)}, () => lines);

  const circumstances = {configPath: context.configPath, config: context.config()};
  const codes = new Set(failed.map(finding => finding.code).filter(code => code !== undefined));
  for (const code of codes) {
    const advice = adviceFor(code, circumstances);
    if (advice.length > 0) context.output.hint('', ...advice);
  }
  return worstExitCode(failed.map(finding => finding.exitCode ?? 1));
};
