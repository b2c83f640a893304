import {describe, expect, it} from 'vitest';
import {LogLines} from '../../source/engine/log-lines.ts';

const say = (lines: LogLines, level: string, msg: string, fields: object = {}, time = '2026-01-31T14:00:00.000Z') => {
  lines.add(`${JSON.stringify({level, time, ...fields, msg})}\n`);
};

describe('the lines of the log that a screen shows', () => {
  it('folds what is said again, attempts and all, and keeps its first time', () => {
    const lines = new LogLines();
    say(lines, 'warn', '503 Service Unavailable', {sink: 'shop', coin: 'btc', attempt: 1}, '2026-01-31T13:48:00.000Z');
    say(lines, 'info', 'payouts sent', {coin: 'btc', txid: 'aa'});
    say(lines, 'warn', '503 Service Unavailable', {sink: 'shop', coin: 'btc', attempt: 2}, '2026-01-31T14:02:25.000Z');
    expect(lines.newest(9)).toMatchObject([
      {level: 'warn', source: 'btc shop', text: '503 Service Unavailable', count: 2, since: '2026-01-31T13:48:00.000Z'},
      {level: 'info', source: 'btc', text: 'payouts sent  txid=aa', count: 1},
    ]);
  });

  it('lets no amount of chatter push a warning out, and stays bounded', () => {
    const lines = new LogLines();
    say(lines, 'error', 'the disk is full');
    for (let index = 0; index < 5000; index++) say(lines, 'info', `payout ${index} sent`);
    const all = lines.page({limit: 1000});
    expect(all.items).toHaveLength(301);
    expect(lines.page({limit: 10, level: 'warn'}).items.map(line => line.text)).toEqual(['the disk is full']);
  });

  it('pages from the newest to the oldest', () => {
    const lines = new LogLines();
    for (let index = 0; index < 25; index++) say(lines, 'info', `line ${index}`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = lines.page({limit: 10, cursor});
      seen.push(...page.items.map(line => line.text));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({length: 25}, (_, index) => `line ${24 - index}`));
    expect(() => lines.page({limit: 1, cursor: 'x'})).toThrow('cursor');
  });
});
