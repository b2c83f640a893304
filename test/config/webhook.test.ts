import {expect, test} from 'vitest';
import {load, MINIMAL, report} from './load-report.ts';

const sink = (fields: string): string => `${MINIMAL}events:\n  shop: {type: webhook, ${fields}}\n`;
const SECRET = 'secret: "${SHOP_WEBHOOK_SECRET}"';

test.each([
  [
    'plain http to another machine',
    sink(`url: "http://shop.example/", ${SECRET}`),
    /is plain http to another machine; expected https/,
  ],
  [
    'a private address',
    sink(`url: "https://192.168.1.5/", ${SECRET}`),
    /events\.shop\.url: is in a private or link-local network/,
  ],
  ['a link-local address', sink(`url: "https://169.254.169.254/", ${SECRET}`), /private or link-local/],
  ['a private address in IPv6 clothes', sink(`url: "https://[::ffff:10.0.0.1]/", ${SECRET}`), /private or link-local/],
  ['a private address written as a number', sink(`url: "https://167772161/", ${SECRET}`), /private or link-local/],
  ['a unique-local address', sink(`url: "https://[fd00::1]/", ${SECRET}`), /private or link-local/],
  ['credentials in the URL', sink(`url: "https://u:hunter22@shop.example/", ${SECRET}`), /holds credentials/],
  ['a file URL', sink(`url: "file:///etc/passwd", ${SECRET}`), /is not a URL/],
  [
    'no secret',
    sink('url: "https://shop.example/"'),
    /events\.shop\.secret: is missing; expected a secret of at least 24 bytes/,
  ],
  [
    'a short secret',
    sink('url: "https://shop.example/", secret: hunter22'),
    /secret: is 8 bytes long; expected a secret of at least 24/,
  ],
  [
    'a whsec_ that is no base64',
    sink('url: "https://shop.example/", secret: "whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"'),
    /is not base64 after whsec_/,
  ],
  [
    'a whsec_ with little in it',
    sink('url: "https://shop.example/", secret: whsec_aHVudGVyMjI='),
    /holds fewer than 16 bytes after whsec_/,
  ],
  [
    'an unknown event type',
    sink(`url: "https://shop.example/", ${SECRET}, types: [deposit.credted]`),
    /types\[0\]: is "deposit\.credted"; expected one of the \d+ known; did you mean deposit\.credited\?/,
  ],
  [
    'an empty list of types',
    sink(`url: "https://shop.example/", ${SECRET}, types: []`),
    /expected at least one event type/,
  ],
])('a webhook with %s is refused', (_, source, expected) => {
  const text = report(source).join('\n');
  expect(text).toMatch(expected);
  expect(text).not.toMatch(/hunter22|aHVudGVyMjI/);
});

test.each([
  ['loopback http', 'url: "http://127.0.0.1:9000/hook"'],
  ['a name', 'url: "https://shop.example/hook"'],
  ['a private address that is allowed', 'url: "https://10.0.0.1/", allow_private: true'],
  ['a start', 'url: "https://shop.example/", from: 0'],
])('a webhook with %s is accepted', (_, fields) => {
  expect(load(sink(`${fields}, ${SECRET}`)).sinks.has('shop')).toBe(true);
});
