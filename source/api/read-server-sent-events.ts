import type {Readable} from 'node:stream';
import {createParser} from 'eventsource-parser';

/** The JSON of each event, in order, as it arrives. Ends when the server ends; throws when the connection breaks. */
export async function* readServerSentEvents<Item>(body: Readable): AsyncIterable<Item> {
  const arrived: Item[] = [];
  const parser = createParser({onEvent: event => void arrived.push(JSON.parse(event.data) as Item)});
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk as Buffer, {stream: true}));
    yield* arrived.splice(0);
  }
}
