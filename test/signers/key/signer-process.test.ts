import {execFileSync, spawn} from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import type {PassphraseSource} from '../../../source/config/config.ts';
import {parseWallet} from '../../../source/descriptors/index.ts';
import type {SignAnswer, SignerState, TransactionPlan} from '../../../source/payout/ports.ts';
import {systemClock} from '../../../source/primitives/clock.ts';
import type {Log} from '../../../source/primitives/log.ts';
import {createKeySigner, type KeySigner, type KeySignerOptions} from '../../../source/signers/key/key-signer.ts';
import {seedOf} from '../../../source/signers/key/mnemonic.ts';
import {btc, regtest} from '../../support/bitcoind.ts';
import {ABANDON, type HotKey, makeHotKey, PASSPHRASE} from '../../support/hot-key.ts';
import {PsbtMaker} from '../../support/own-psbt.ts';
import {until} from '../../support/until.ts';

let directory: string;
let key: HotKey;
let maker: PsbtMaker;
const signers: KeySigner[] = [];
const logged: string[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signer-'));
  key = await makeHotKey({directory});
  maker = new PsbtMaker(parseWallet({kind: 'descriptor', descriptor: key.descriptor}, {coin: btc, network: regtest}));
});
afterEach(async () => {
  for (const signer of signers.splice(0)) await signer.close();
});
afterAll(() => rmSync(directory, {recursive: true, force: true}));

const note = (fields: object, message: string) => void logged.push(JSON.stringify({...fields, message}));
const log: Log = {debug: note, info: note, warn: note, error: note};

const NO_PLAN = {} as TransactionPlan;
const open = (options: Partial<KeySignerOptions> = {}): KeySigner => {
  const signer = createKeySigner({
    coin: 'btc',
    network: regtest,
    file: key.file,
    passphrase: {kind: 'file', path: key.passphraseFile},
    branches: key.branches,
    limits: {maxRate: 100, perTransaction: undefined, perDay: undefined},
    toPsbt: async () => maker.psbt([{amount: 100_000n}], [{amount: 90_000n}, {amount: 9_000n, change: 0}]).toBuffer(),
    clock: systemClock,
    log,
    ...options,
  });
  signers.push(signer);
  return signer;
};

const pidOf = (state: SignerState): number => {
  if (state.kind !== 'ready') throw new Error(`not ready: ${JSON.stringify(state)}`);
  return Number(/in process (\d+)$/.exec(state.words)![1]);
};
const bytes = (answer: SignAnswer): string => {
  if (answer.kind !== 'signed') throw new Error(`not signed: ${JSON.stringify(answer)}`);
  return answer.raw.toString('hex');
};
const isGone = (pid: number): boolean => {
  try {
    // A zombie has no program any more.
    readlinkSync(`/proc/${pid}/exe`);
    return false;
  } catch {
    return true;
  }
};

/** Whether it settles before any process can have been started: nothing was tried. */
const isImmediate = async (asked: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  void asked.finally(() => (settled = true));
  await new Promise(resolve => setImmediate(resolve));
  return settled;
};

describe('the process', () => {
  test('shows no secret in its arguments, its environment or what it logs, and takes nothing of the engine’s', async () => {
    process.env['SECRET_OF_THE_ENGINE'] = 'do-not-pass-on';
    const pid = pidOf(await open().prepare());
    delete process.env['SECRET_OF_THE_ENGINE'];
    const seed = await seedOf(ABANDON);
    const seen = [
      ...['cmdline', 'environ', 'status', 'comm'].map(name => readFileSync(`/proc/${pid}/${name}`, 'latin1')),
      ...['cmdline', 'environ'].map(name => readFileSync(`/proc/${process.pid}/${name}`, 'latin1')),
      logged.join('\n'),
    ].join('\n');
    for (const secret of [PASSPHRASE, 'abandon', seed.toString('hex'), seed.toString('base64')])
      expect(seen).not.toContain(secret);
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toMatch(/SECRET_OF_THE_ENGINE|NODE_OPTIONS|PATH=/);
  });

  test('leaves no core file, opens no debugger, listens nowhere and keeps the passphrase’s descriptor closed', async () => {
    const pid = pidOf(await open().prepare());
    expect(readFileSync(`/proc/${pid}/limits`, 'latin1')).toMatch(/^Max core file size +0 +0 /m);
    process.kill(pid, 'SIGUSR1');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(pid, signal);
    const signer = open();
    expect(bytes(await signer.sign(NO_PLAN))).not.toBe('');
    expect(isGone(pid)).toBe(false);
    const held = readdirSync(`/proc/${pid}/fd`).map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(held).not.toContain(key.passphraseFile);
    const connections = ['tcp', 'tcp6'].flatMap(name => readFileSync(`/proc/${pid}/net/${name}`, 'latin1').split('\n'));
    const inodes = connections.flatMap(line => line.trim().split(/\s+/)[9] ?? []);
    expect(inodes.map(inode => `socket:[${inode}]`).filter(socket => held.includes(socket))).toEqual([]);
  });

  test('ends with its signer', async () => {
    const signer = open();
    const pid = pidOf(await signer.prepare());
    await signer.close();
    await until('the process to end', () => isGone(pid));
    expect(await signer.sign(NO_PLAN)).toMatchObject({kind: 'unavailable'});
  });

  test('killed while it signs, it is started again and signs the same bytes', async () => {
    const signer = open();
    const first = bytes(await signer.sign(NO_PLAN));
    const pid = pidOf(await signer.prepare());
    process.kill(pid, 'SIGSTOP');
    const asked = signer.sign(NO_PLAN);
    const alsoAsked = signer.sign(NO_PLAN);
    process.kill(pid, 'SIGKILL');
    expect(await asked).toEqual({kind: 'unavailable', words: 'the signer process ended (SIGKILL)'});
    expect(await alsoAsked).toMatchObject({kind: 'unavailable'});
    expect(await signer.sign(NO_PLAN)).toMatchObject({kind: 'unavailable', words: expect.stringMatching(/soon/)});
    const again = await until('the signer to sign again', async () => {
      const answer = await signer.sign(NO_PLAN);
      return answer.kind === 'signed' ? answer : undefined;
    });
    expect(bytes(again)).toBe(first);
    expect(pidOf(await signer.prepare())).not.toBe(pid);
  });

  test('many plans at once are answered in their order', async () => {
    let asked = 0;
    const signer = open({
      toPsbt: async () => {
        asked += 1;
        const paid = 50_000n + BigInt(asked);
        return maker
          .psbt([{amount: 100_000n, number: asked}], [{amount: paid}, {amount: 49_000n, change: 0}])
          .toBuffer();
      },
    });
    const answers = await Promise.all(Array.from({length: 20}, () => signer.sign(NO_PLAN)));
    expect(new Set(answers.map(bytes)).size).toBe(20);
  });

  test('keeps its limits whatever it is asked', async () => {
    const signer = open({limits: {maxRate: 100, perTransaction: 50_000n, perDay: undefined}});
    expect(await signer.sign(NO_PLAN)).toEqual({
      kind: 'refused',
      words: expect.stringMatching(/^the key's signer refuses: 0\.00091000 would leave at once/),
    });
  });

  test('an answer for what is no PSBT, and then it goes on', async () => {
    const signer = open({toPsbt: async () => Buffer.from('nonsense')});
    expect(await signer.sign(NO_PLAN)).toMatchObject({kind: 'refused', words: expect.stringContaining('no PSBT')});
    expect(await signer.prepare()).toMatchObject({kind: 'ready'});
  });
});

describe('what keeps it from signing is said, and not tried again and again', () => {
  const passphraseIn = (name: string, content: string, mode = 0o600): PassphraseSource => {
    const path = join(directory, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return {kind: 'file', path};
  };

  test('a wrong passphrase, until its file changes', async () => {
    const passphrase = passphraseIn('changing', 'wrong horse battery staple');
    const signer = open({passphrase});
    const answer = await signer.prepare();
    expect(answer).toEqual({
      kind: 'locked',
      words: expect.stringMatching(/not the one of this key file.*Put the right one into .*\/changing/),
    });
    const asked = signer.sign(NO_PLAN);
    expect(await isImmediate(asked)).toBe(true);
    expect(await asked).toEqual(answer);
    passphraseIn('changing', PASSPHRASE);
    expect(await signer.sign(NO_PLAN)).toMatchObject({kind: 'signed'});
    expect(JSON.stringify([answer, logged])).not.toContain('horse');
  });

  test.each<[string, () => Partial<KeySignerOptions>, SignAnswer['kind'], RegExp]>([
    [
      'no passphrase file',
      () => ({passphrase: {kind: 'file', path: '/nowhere/pass'}}),
      'locked',
      /\/nowhere\/pass is not there/,
    ],
    ['an empty one', () => ({passphrase: passphraseIn('empty', '\n')}), 'locked', /passphrase file is empty/],
    [
      'one that others may read',
      () => ({passphrase: passphraseIn('open', PASSPHRASE, 0o644)}),
      'locked',
      /mode 0644.*chmod 600/,
    ],
    [
      'a very long one',
      () => ({passphrase: passphraseIn('long', 'x'.repeat(5000))}),
      'locked',
      /longer than 1024 bytes/,
    ],
    [
      'no key file',
      () => ({file: '/nowhere/btc.key'}),
      'wallet-missing',
      /\/nowhere\/btc\.key is not there: make it with `key create btc`/,
    ],
    [
      'a key of another network',
      () => ({network: btc.networks.mainnet!}),
      'wallet-missing',
      /for btc regtest, and the config says btc mainnet/,
    ],
    ['a key of another coin', () => ({coin: 'ltc'}), 'wallet-missing', /the key is for btc regtest/],
    [
      'no credentials',
      () => ({passphrase: {kind: 'credential', name: 'pass'}, environment: {}}),
      'locked',
      /LoadCredentialEncrypted=pass/,
    ],
    [
      'a descriptor that was not passed',
      () => ({passphrase: {kind: 'fd', fd: 999}}),
      'locked',
      /descriptor 999 is not open/,
    ],
  ])('%s', async (_name, options, kind, words) => {
    const signer = open(options());
    const answer = await signer.sign(NO_PLAN);
    expect(answer).toEqual({kind, words: expect.stringMatching(words)});
    expect(await isImmediate(signer.sign(NO_PLAN))).toBe(true);
  });

  test('the wallet of another key, and another account of the same key', async () => {
    const other = await makeHotKey({directory, name: 'other', mnemonic: `${'zoo '.repeat(11)}wrong`});
    expect(await open({branches: other.branches}).sign(NO_PLAN)).toEqual({
      kind: 'wallet-missing',
      words: expect.stringMatching(/descriptor is of the key [0-9a-f]{8}, and the key file holds 73c5da0a/),
    });
    const moved = {...key.branches.receive, path: [...key.branches.receive.path.slice(0, 2), 0x8000_0001]};
    expect(await open({branches: {receive: moved, change: moved}}).sign(NO_PLAN)).toEqual({
      kind: 'wallet-missing',
      words: expect.stringMatching(/descriptor is not of this key: at 84h\/1h\/1h of 73c5da0a stands tpub/),
    });
  });

  test('a file whose public part was changed: it opens for nobody', async () => {
    const file = join(directory, 'changed.key');
    writeFileSync(file, readFileSync(key.file, 'utf8').replace(/"created_at": "20/, '"created_at": "19'), {
      mode: 0o600,
    });
    expect(await open({file}).sign(NO_PLAN)).toMatchObject({
      kind: 'locked',
      words: expect.stringMatching(/or the file was changed/),
    });
  });

  test('a truncated file', async () => {
    const file = join(directory, 'cut.key');
    writeFileSync(file, readFileSync(key.file, 'utf8').slice(0, 300), {mode: 0o600});
    expect(await open({file}).sign(NO_PLAN)).toMatchObject({
      kind: 'wallet-missing',
      words: expect.stringMatching(/cut\.key: the key file is cut off/),
    });
  });
});

describe('the passphrase', () => {
  test('comes as a systemd credential', async () => {
    writeFileSync(join(directory, 'btc-pass'), PASSPHRASE, {mode: 0o440});
    const signer = open({
      passphrase: {kind: 'credential', name: 'btc-pass'},
      environment: {CREDENTIALS_DIRECTORY: directory},
    });
    expect(await signer.prepare()).toMatchObject({kind: 'ready'});
  });

  test('comes on a descriptor of a file, which is read again after a crash', async () => {
    const fd = openSync(key.passphraseFile, 'r');
    try {
      const signer = open({passphrase: {kind: 'fd', fd}});
      const pid = pidOf(await signer.prepare());
      process.kill(pid, 'SIGKILL');
      await until('the process to end', () => isGone(pid));
      await until('it to be ready again', async () => (await signer.prepare()).kind === 'ready');
    } finally {
      closeSync(fd);
    }
  });

  test('comes by a pipe, which can be read once: after a crash somebody must start the engine again', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const writer = spawn('/bin/sh', ['-c', 'printf "%s\\n" "$0" > "$1"', PASSPHRASE, fifo], {stdio: 'ignore'});
    const fd = openSync(fifo, 'r');
    try {
      const signer = open({passphrase: {kind: 'fd', fd}});
      const pid = pidOf(await signer.prepare());
      expect(writer.exitCode).toBe(0);
      process.kill(pid, 'SIGKILL');
      await until('the process to end', () => isGone(pid));
      const state = await until('it to say why it cannot', async () => {
        const found = await signer.prepare();
        return found.kind === 'locked' ? found : undefined;
      });
      expect(state.words).toMatch(/can be read once, so start the engine again/);
    } finally {
      closeSync(fd);
    }
  });

  test('that nobody writes holds up neither the engine’s end nor a payout for good', async () => {
    const fifo = join(directory, 'silent');
    execFileSync('mkfifo', [fifo]);
    const silent = spawn('/bin/sh', ['-c', 'exec sleep 300 > "$0"', fifo], {stdio: 'ignore'});
    const fd = openSync(fifo, 'r');
    try {
      const signer = open({passphrase: {kind: 'fd', fd}});
      const asked = signer.prepare();
      await signer.close();
      expect(await asked).toEqual({kind: 'unavailable', words: 'the signer is closed'});
    } finally {
      closeSync(fd);
      silent.kill('SIGKILL');
    }
  });

  test('is not read from a descriptor that is one of Node’s own', async () => {
    const own = Array.from({length: 40}, (_, fd) => fd + 3).filter(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('pipe:');
      } catch {
        return false;
      }
    });
    expect(own.length).toBeGreaterThan(0);
    const answers = await Promise.all(own.map(fd => open({passphrase: {kind: 'fd', fd}}).sign(NO_PLAN)));
    for (const answer of answers)
      expect(answer).toMatchObject({kind: 'locked', words: expect.stringMatching(/is not open/)});
  });
});
