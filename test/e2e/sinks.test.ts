import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Delivery, Event, Replay, SinkStatus} from '../../source/contract/index.ts';
import {NatsServer} from '../support/nats-server.ts';
import {runProgram} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

const natsServer = systemProgram('nats-server', 'nats-server');

describe('every kind of sink beside each other', () => {
  let world: World;
  let nats: NatsServer | undefined;
  const file = (name: string) => join(world.directory, name);

  beforeAll(async () => {
    world = await World.start({bare: true});
    writeFileSync(
      file('on-event.sh'),
      '#!/bin/sh\n[ ! -e broken ] || { echo "no space left"; exit 75; }\ncat >> script.jsonl\n',
    );
    chmodSync(file('on-event.sh'), 0o755);
    writeFileSync(
      file('handler.mjs'),
      `import {appendFileSync} from 'node:fs';
       const out = new URL('module.jsonl', import.meta.url);
       export default async event => appendFileSync(out, JSON.stringify(event) + '\\n');`,
    );
    const lines = ['  books: {type: script, command: [./on-event.sh]}', '  app: {type: module, path: ./handler.mjs}'];
    if (natsServer !== undefined) {
      nats = await NatsServer.start(natsServer);
      await nats.addStream({name: 'COINS', subjects: ['cryptoassets.>']});
      lines.push(`  broker: {type: nats, url: "${nats.url}", stream: COINS}`);
    }
    const config = readFileSync(world.config.path, 'utf8');
    writeFileSync(world.config.path, config.replace('events:\n', `events:\n${lines.join('\n')}\n`));
    await world.init();
    await world.engine.start();
  });
  afterAll(async () => {
    await world?.dispose();
    await nats?.dispose();
  });

  const linesOf = (name: string): Event[] =>
    existsSync(file(name))
      ? readFileSync(file(name), 'utf8')
          .trim()
          .split('\n')
          .filter(Boolean)
          .map(line => JSON.parse(line) as Event)
      : [];
  const newest = async () => (await world.api.events()).at(-1)!.sequence;
  const allHave = async (sequence: number) =>
    until(`all sinks to be at ${sequence}`, async () =>
      (await world.api.get<{items: SinkStatus[]}>('/v1/sinks')).items.every(
        sink => sink.delivered_sequence >= sequence,
      ),
    );

  test('check reaches each of them and tells it nothing', async () => {
    const {code, stdout} = await world.run('check');
    expect(stdout).toMatch(/ok +sink books +\S+on-event\.sh can be run/);
    expect(stdout).toMatch(/ok +sink app +\S+handler\.mjs is loaded/);
    if (nats)
      expect(stdout).toMatch(
        /ok +sink broker +127\.0\.0\.1:\d+ keeps cryptoassets\.btc\.deposit\.credited in the stream COINS/,
      );
    expect(code).toBe(0);
    expect(linesOf('script.jsonl')).toEqual([]);
  });

  test('each gets every event, in order, as the others do', async () => {
    const address = await world.customer('alice');
    await world.pay(address, '0.5');
    await world.mine(3);
    await until('the credit', async () => (await world.api.account('alice')).balance === '0.50000000');
    await allHave(await newest());
    const told = world.receiver.accepted.map(({event}) => event);
    expect(told.map(({type}) => type)).toEqual(expect.arrayContaining(['deposit.detected', 'deposit.credited']));
    expect(linesOf('script.jsonl')).toEqual(told);
    expect(linesOf('module.jsonl')).toEqual(told);
    if (nats) expect((await nats.messages('COINS')).map(({body}) => JSON.parse(body) as Event)).toEqual(told);
  });

  test('one that fails is seen with its words, and delays no other; a range is sent again to one alone', async () => {
    writeFileSync(file('broken'), '');
    const address = await world.api.createAddress('alice');
    await world.pay(address, '0.1');
    const {items} = await until('the failure', async () => {
      const found = await world.api.get<{items: Delivery[]}>('/v1/btc/deliveries?sink=books&status=retrying');
      return found.items.length > 0 && found;
    });
    expect(items[0]).toMatchObject({sink: 'books', last_error: 'exit code 75: no space left'});
    const {sinks} = await world.api.status();
    expect(sinks.find(({name}) => name === 'books')).toMatchObject({state: 'retrying', last_status: 75});
    await until('the others to go on', () => linesOf('module.jsonl').length === world.receiver.accepted.length);

    // The script stands still; the module is asked to take the first two again.
    const before = linesOf('module.jsonl').length;
    const {items: replays} = await world.api.post<{items: Replay[]}>('/v1/sinks/app/replay', {from: 1, to: 2});
    expect(replays).toMatchObject([{sink: 'app', coin: 'btc', from: 1, to: 2}]);
    await until('both again', () => linesOf('module.jsonl').length >= before + 2);
    const all = linesOf('module.jsonl');
    expect(all.slice(before, before + 2)).toEqual(all.slice(0, 2));

    const {code, stdout} = await world.run('sink', 'list');
    expect({code, stdout}).toMatchObject({code: 0, stdout: expect.stringMatching(/books +script +btc +retrying/)});
  });
});

test('a module that does not load is a config error that names the file', async () => {
  const world = await World.start({bare: true});
  try {
    await world.init();
    writeFileSync(join(world.directory, 'handler.mjs'), 'export const handler = 1;');
    const config = readFileSync(world.config.path, 'utf8');
    writeFileSync(
      world.config.path,
      config.replace('events:\n', 'events:\n  app: {type: module, path: ./handler.mjs}\n'),
    );
    const engine = await runProgram([world.config.path, '--headless']);
    expect(engine.code).toBe(78);
    expect(engine.stderr).toMatch(
      /handler\.mjs cannot be loaded: TypeError: it has no default export that is a function/,
    );
    const check = await world.run('check');
    expect(check).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(/FAILED +sink app +\S+handler\.mjs cannot be loaded/),
    });
  } finally {
    await world.dispose();
  }
});
