import {expect, test} from 'vitest';
import {toProblem} from '../../source/api/problems.ts';
import {EngineError} from '../../source/primitives/errors.ts';

test.each(['backend_down', 'bad_backend_answer', 'block_pruned', 'stale_facts'])(
  'trouble with the node (%s) is something to wait for, and no fault of ours',
  code => {
    const problem = toProblem(new EngineError(code, 'the node has moved on', {retry: 'backoff'}));
    expect(problem).toMatchObject({status: 503, code: 'backend_unavailable', detail: 'the node has moved on'});
  },
);

test('what nobody foresaw is a fault of ours, and its words stay here', () => {
  const problem = toProblem(new TypeError('undefined is not a secret'));
  expect(problem).toMatchObject({status: 500, code: 'internal'});
  expect(JSON.stringify(problem)).not.toContain('secret');
});
