import type {Coin, Network, ScriptType} from '../coins/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {descriptorChecksum} from './checksum.ts';
import {holdsPrivateKey, readExtendedKey} from './extended-key.ts';
import {readStep} from './path.ts';
import {branchFingerprint, type BranchKeys, type KeyOrigin, type WalletKeys} from './wallet-keys.ts';

/** What an operator may write. */
export type WrittenWallet =
  | {readonly kind: 'descriptor'; readonly descriptor: string}
  /** A key is to be made first; reading it throws. */
  | {readonly kind: 'none'}
  | {readonly kind: 'branches'; readonly receive: string; readonly change: string}
  | {
      readonly kind: 'key';
      readonly xpub: string;
      readonly type: ScriptType | undefined;
      /** `d34db33f/84h/0h/0h` */
      readonly origin: string | undefined;
    };

interface Where {
  readonly coin: Coin;
  readonly network: Network;
}

/** Throws `bad_descriptor`: a whole sentence's end about `field`, as config problems are written. */
const refuse = (field: string, words: string): never => {
  throw new EngineError('bad_descriptor', words, {field});
};

const PRIVATE =
  'holds a private key, and a config file is no place for one: write the public descriptor (`listdescriptors` without ' +
  '`true` shows it), and let a signer hold the key';

const FORM = /^(?:(?<form>pkh|wpkh|tr)\((?<inside>[^()]*)\)|sh\(wpkh\((?<nested>[^()]*)\)\))$/;
const TYPES: Readonly<Record<string, ScriptType>> = {pkh: 'legacy', wpkh: 'segwit', tr: 'taproot'};
const KEY =
  /^(?:\[(?<fingerprint>[0-9a-fA-F]{8})(?<path>(?:\/\d{1,10}['hH]?)*)\])?(?<key>[^[\]/,]+)(?<steps>(?:\/[^/,]+)*)$/;
const ORIGIN = /^(?<fingerprint>[0-9a-fA-F]{8})(?<path>(?:\/\d{1,10}['hH]?)*)$/;
const SUPPORTED = 'pkh(…), sh(wpkh(…)), wpkh(…) or tr(…) with one extended key';
const LONGEST = 500;

/** Reads what a wallet's addresses come from. Throws `bad_descriptor` with the `field` and what to do about it. */
export const parseWallet = (written: WrittenWallet, where: Where): WalletKeys => {
  switch (written.kind) {
    case 'descriptor':
      return both(parseBranches('descriptor', written.descriptor, where), 'descriptor');
    case 'branches':
      return both([single('receive', written.receive, where), single('change', written.change, where)], 'change');
    case 'key':
      return fromKey(written, where);
    case 'none':
      return refuse(
        'descriptor',
        `coins.${where.coin.name}.wallet has no descriptor yet: \`key create ${where.coin.name}\` makes a key, and \`key show ${where.coin.name}\` prints its descriptor`,
      );
    default:
      return written satisfies never;
  }
};

const both = (branches: readonly BranchKeys[], field: string): WalletKeys => {
  const [receive, change] = branches;
  if (receive === undefined || change === undefined)
    return refuse(
      field,
      'has no branch for change; expected `/<0;1>/*` at its end, or two descriptors in `receive` and `change`',
    );
  if (branchFingerprint(receive) === branchFingerprint(change))
    return refuse(field, 'is the same for receiving and for change; expected two branches such as /0/* and /1/*');
  return {receive, change};
};

const single = (field: string, text: string, where: Where): BranchKeys => {
  const branches = parseBranches(field, text, where);
  if (branches.length > 1) return refuse(field, 'has two branches itself; expected it alone, as `descriptor`');
  return branches[0]!;
};

const fromKey = ({xpub, type: asked, origin: written}: WrittenWallet & {kind: 'key'}, where: Where): WalletKeys => {
  if (holdsPrivateKey(xpub)) refuse('xpub', PRIVATE);
  const reading = readExtendedKey(xpub, where.coin, where.network);
  if (reading.kind === 'refused') return refuse('xpub', reading.words);
  if (asked !== undefined && reading.type !== undefined && reading.type !== asked)
    refuse('type', `is ${asked}, but the key's first letters say ${reading.type}; expected both to be the same`);
  const type = asked ?? reading.type;
  if (type === undefined)
    return refuse('type', 'is missing; expected legacy (BIP44), nested (49), segwit (84) or taproot (86)');
  requireType(type, 'type', where);
  const groups =
    written === undefined
      ? undefined
      : (ORIGIN.exec(written)?.groups ??
        refuse('origin', 'expected a master fingerprint and a path such as d34db33f/84h/0h/0h'));
  const origin = groups && readOrigin('origin', groups['fingerprint']!, groups['path'] ?? '', reading.node.depth);
  const branch = (step: number): BranchKeys => ({type, origin, key: reading.node, steps: [step]});
  return {receive: branch(0), change: branch(1)};
};

/** One branch, or two of a multipath descriptor (BIP389). */
const parseBranches = (field: string, text: string, where: Where): BranchKeys[] => {
  if (holdsPrivateKey(text)) refuse(field, PRIVATE);
  if (text.length > LONGEST) refuse(field, `is ${text.length} characters long; expected ${SUPPORTED}`);
  const body = withoutChecksum(field, text);
  const form = FORM.exec(body)?.groups ?? refuse(field, formFault(body));
  const type = form['nested'] === undefined ? TYPES[form['form']!]! : 'nested';
  requireType(type, field, where);
  const groups =
    KEY.exec(form['nested'] ?? form['inside']!)?.groups ??
    refuse(
      field,
      `holds no key that can be read; expected ${SUPPORTED}, such as wpkh([d34db33f/84h/0h/0h]xpub…/<0;1>/*)`,
    );
  const key = requireExtended(field, groups['key']!);
  const paths = readSteps(field, groups['steps'] ?? '');
  const reading = readExtendedKey(key, where.coin, where.network);
  if (reading.kind === 'refused') return refuse(field, reading.words);
  if (reading.type !== undefined && reading.type !== type)
    refuse(
      field,
      `is ${type}, but its key's first letters say ${reading.type}; expected a plain xpub (tpub on test networks) in a descriptor`,
    );
  const origin =
    groups['fingerprint'] === undefined
      ? undefined
      : readOrigin(field, groups['fingerprint'], groups['path'] ?? '', reading.node.depth);
  return paths.map(steps => ({type, origin, key: reading.node, steps}));
};

const withoutChecksum = (field: string, text: string): string => {
  const [body = '', checksum, ...rest] = text.split('#');
  const right = descriptorChecksum(body);
  if (right === undefined) return refuse(field, 'holds characters that no descriptor has');
  if (rest.length > 0 || (checksum !== undefined && checksum !== right))
    refuse(
      field,
      `has the checksum #${checksum}, but #${right} belongs to it: it was mistyped or cut; copy it again, or leave the checksum out if it was changed on purpose`,
    );
  return body;
};

const formFault = (body: string): string => {
  const name = /^([a-z_]+)\(/.exec(body)?.[1];
  if (name === undefined) return `is no descriptor; expected ${SUPPORTED}`;
  return /^(?:pkh|wpkh|tr|sh\(wpkh)\(/.test(body)
    ? `has brackets that do not match, or a script inside; expected ${SUPPORTED}`
    : `begins with ${name}(…), which cannot be spent from here; expected ${SUPPORTED}`;
};

const requireType = (type: ScriptType, field: string, {coin, network}: Where): void => {
  const isWitness = type !== 'legacy';
  if (isWitness && (!coin.segwit || network.bech32 === undefined))
    refuse(field, `asks for ${type} addresses, and ${coin.unit} has none; expected pkh(…), type legacy`);
};

const requireExtended = (field: string, key: string): string =>
  /^(?:0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128}|[0-9a-fA-F]{64})$/.test(key)
    ? refuse(
        field,
        'holds a single public key; expected an extended one (xpub…), since every deposit has an address of its own',
      )
    : key;

const readOrigin = (field: string, fingerprint: string, path: string, depth: number): KeyOrigin => {
  const steps = path
    .split('/')
    .slice(1)
    .map(
      step => readStep(step) ?? refuse(field, `has the step ${step} in its origin; expected numbers below 2147483648`),
    );
  if (steps.length !== depth)
    refuse(
      field,
      `says in its origin that the key is ${steps.length} steps from the master key, and the key says ${depth}; expected both to be the same`,
    );
  return {fingerprint: Buffer.from(fingerprint, 'hex'), path: steps};
};

const HARDENED_STEP = /^(?:\d+|\*)['hH]$/;

/** The steps after the key without the last, which is the index; one list a branch. */
const readSteps = (field: string, text: string): number[][] => {
  const steps = text.split('/').slice(1);
  if (steps.some(step => HARDENED_STEP.test(step) || /^<.*['hH].*>$/.test(step)))
    refuse(
      field,
      'has a hardened step behind the key, which only the private key can take; expected the key from below that step, with the path to it in [brackets]',
    );
  if (steps.at(-1) !== '*')
    refuse(field, 'does not end with /*; expected a wildcard, since every deposit has an address of its own');
  let paths: number[][] = [[]];
  for (const step of steps.slice(0, -1)) {
    const options = /^<(.*)>$/.exec(step)?.[1]?.split(';') ?? [step];
    const numbers = options.map(
      option =>
        readStep(option) ?? refuse(field, `has the step ${step} behind the key; expected a number, or <0;1> once`),
    );
    if (numbers.length * paths.length > 2) refuse(field, 'has more than two branches; expected <0;1> once');
    paths = paths.flatMap(path => numbers.map(number => path.concat(number)));
  }
  return paths;
};
