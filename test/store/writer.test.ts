import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {EngineError} from '../../source/primitives/errors.ts';
import {appendEvent} from '../../source/store/sqlite/append-event.ts';
import {sink} from '../../source/store/sqlite/schema.ts';
import type {Writer} from '../../source/store/sqlite/writer.ts';
import {createTestLedger, type TestLedger} from '../support/ledger.ts';

let ledger: TestLedger;
beforeEach(() => {
  ledger = createTestLedger();
});
afterEach(() => ledger.close());

const append = async (writer: Writer, backend: string, after?: () => never) =>
  writer.run(orm => {
    appendEvent(orm, 'backend.up', {backend, since: ''}, 1);
    after?.();
    return backend;
  });
const refuse = (): never => {
  throw new EngineError('dust', 'too little');
};
const written = () => ledger.events().map(event => event.data.backend);

describe('Writer', () => {
  test('a refusal takes back what its operation wrote, alone', async () => {
    await expect(append(ledger.writer, 'a', refuse)).rejects.toMatchObject({code: 'dust'});
    expect(written()).toEqual([]);
  });

  test('a refusal takes back what its operation wrote, and nothing of those beside it', async () => {
    const results = await Promise.allSettled([
      append(ledger.writer, 'a'),
      append(ledger.writer, 'b', refuse),
      append(ledger.writer, 'c'),
    ]);
    expect(results.map(({status}) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written()).toEqual(['a', 'c']);
  });

  test('a fault of the program passes as it is, and takes nothing with it', async () => {
    const fault = new TypeError('no such thing');
    const broken = append(ledger.writer, 'a', () => {
      throw fault;
    });
    const beside = append(ledger.writer, 'b');
    await expect(broken).rejects.toBe(fault);
    await beside;
    expect(written()).toEqual(['b']);
  });

  test('what breaks a constraint fails alone', async () => {
    const twice = async () =>
      ledger.writer.run(orm => {
        orm.insert(sink).values({name: 'shop', sequence: 0, gap: false}).run();
      });
    const results = await Promise.allSettled([twice(), append(ledger.writer, 'a'), twice()]);
    expect(results.map(({status}) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({reason: {code: 'database_fault'}});
    expect(written()).toEqual(['a']);
  });

  test('operations of one turn share a commit, in the order they came; a promise waits for it', async () => {
    let commits = 0;
    ledger.writer.onCommit(() => commits++);
    const seen: string[][] = [];
    const names = ['a', 'b', 'c'];
    await Promise.all(
      names.map(async name => {
        await append(ledger.writer, name);
        seen.push(written() as string[]);
      }),
    );
    expect(commits).toBe(1);
    expect(seen).toEqual([names, names, names]);
  });
});
