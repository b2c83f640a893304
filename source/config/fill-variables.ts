import {cleanText} from '../primitives/clean-text.ts';
import {readVariable} from './credentials.ts';
import type {YamlNode, YamlProblem} from './parse-yaml.ts';

type Path = readonly (string | number)[];

/** Plain data for the schema. Mappings have no prototype, so that no key of the file can reach one. */
type Data = string | number | boolean | null | Data[] | {[key: string]: Data};

export interface Filled {
  readonly data: Data;
  readonly problems: readonly YamlProblem[];
  /** Values of variables whose name says that they are secret, wherever they were used. */
  readonly secrets: readonly string[];
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const SECRET_NAME = /PASS|SECRET|TOKEN|KEY|CREDENTIAL/i;

/**
 * Fills `${VAR}` into every string value from the environment or a credential, once (a value is not searched again), after the YAML
 * was parsed: what a variable holds can never change the structure. An unset variable is a problem that names it.
 */
export const fillVariables = (root: YamlNode, environment: Readonly<Record<string, string | undefined>>): Filled => {
  const problems: YamlProblem[] = [];
  const secrets: string[] = [];

  const fillText = (text: string, offset: number, path: Path): string => {
    const filled = text.replace(VARIABLE, (whole, name: string) => {
      const variable = readVariable(environment, name);
      if (variable === undefined) {
        const credential = environment['CREDENTIALS_DIRECTORY'] ? ', and there is no credential of that name' : '';
        const message = `the environment variable ${name} is not set${credential}; expected it to hold this value`;
        problems.push({offset, path, message});
        return whole;
      }
      if (variable.isCredential || SECRET_NAME.test(name)) secrets.push(variable.value);
      return variable.value;
    });
    if (text.replace(VARIABLE, '').includes('${'))
      problems.push({
        offset,
        path,
        message: `has a "\${" that is no variable; expected \${NAME} of letters, digits and _ (a literal "\${" can come from a variable)`,
      });
    if (filled === '' && text !== '')
      problems.push({offset, path, message: `is empty: the environment variable in ${text} is set to nothing`});
    return filled;
  };

  const fill = (node: YamlNode, path: Path): Data => {
    if (node.kind === 'scalar')
      return typeof node.value === 'string' ? fillText(node.value, node.offset, path) : node.value;
    if (node.kind === 'list') return node.items.map((item, index) => fill(item, [...path, index]));
    const data: Record<string, Data> = Object.create(null);
    for (const [key, {value}] of node.entries) data[key] = fill(value, [...path, key]);
    return data;
  };
  return {data: fill(root, []), problems, secrets};
};

/** `coins.btc.backend.notify[0].url` */
export const fieldName = (path: Path): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${cleanText(part, 60)}`,
    '',
  );
