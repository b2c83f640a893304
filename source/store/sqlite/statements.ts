import type {Connection} from './connection.ts';

/**
 * Prepares once per connection: unprepared inserts run at 25,000/s, prepared ones at 375,000/s. Used as
 * `const insertEvent = prepared(orm => orm.insert(event).values({...placeholders}).prepare())` at module level.
 */
export const prepared = <Statement>(
  prepare: (orm: Connection['orm']) => Statement,
): ((orm: Connection['orm']) => Statement) => {
  const cache = new WeakMap<Connection['orm'], Statement>();
  return orm => {
    let statement = cache.get(orm);
    if (statement === undefined) {
      statement = prepare(orm);
      cache.set(orm, statement);
    }
    return statement;
  };
};
