import {afterAll, beforeAll, expect, test} from 'vitest';
import {serveEngine, type ServedEngine} from './served-engine.ts';

interface Operation {
  readonly summary?: string;
  readonly security?: Record<string, string[]>[];
  readonly parameters?: {name: string; in: string; schema: unknown}[];
  readonly requestBody?: {content: Record<string, {schema: Record<string, unknown>}>};
  readonly responses: Record<string, {description: string; content?: Record<string, unknown>}>;
}
interface Document {
  readonly openapi: string;
  readonly info: {title: string; version: string};
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {schemas: Record<string, Record<string, unknown>>};
}

let served: ServedEngine;
let document: Document;

beforeAll(async () => {
  served = await serveEngine();
  document = await served.api.get<Document>('/openapi.json');
});
afterAll(async () => served?.dispose());

// The routes of the public contract, written down here once more so that none can get lost.
const ROUTES = [
  'GET /health',
  'GET /metrics',
  'GET /v1/status',
  'GET /v1/stream',
  'GET /v1/log',
  'POST /v1/engine/stop',
  'POST /v1/sinks/{name}/resume',
  'POST /v1/{coin}/accounts',
  'GET /v1/{coin}/accounts',
  'GET /v1/{coin}/accounts/{name}',
  'POST /v1/{coin}/accounts/{name}/addresses',
  'GET /v1/{coin}/addresses',
  'GET /v1/{coin}/addresses/{address}',
  'GET /v1/{coin}/deposits',
  'GET /v1/{coin}/deposits/{id}',
  'GET /v1/{coin}/transactions',
  'POST /v1/{coin}/payouts',
  'GET /v1/{coin}/payouts',
  'GET /v1/{coin}/payouts/{id}',
  'POST /v1/{coin}/payouts/{id}/cancel',
  'POST /v1/{coin}/payouts/{id}/release',
  'POST /v1/{coin}/payouts/{id}/approve',
  'POST /v1/{coin}/payouts/{id}/repay',
  'POST /v1/{coin}/payouts/pause',
  'POST /v1/{coin}/payouts/resume',
  'POST /v1/{coin}/transfers',
  'GET /v1/{coin}/transfers',
  'GET /v1/{coin}/transfers/{id}',
  'POST /v1/{coin}/adjustments',
  'POST /v1/{coin}/imports',
  'POST /v1/{coin}/accounts/{name}/freeze',
  'POST /v1/{coin}/accounts/{name}/unfreeze',
  'POST /v1/{coin}/broadcasts/{txid}/bump',
  'GET /v1/{coin}/broadcasts',
  'GET /v1/{coin}/broadcasts/{txid}',
  'GET /v1/{coin}/audit',
  'GET /v1/{coin}/books',
  'POST /v1/{coin}/notifications',
  'GET /v1/{coin}/fees',
  'POST /v1/{coin}/chain/accept-reorg',
  'POST /v1/{coin}/rescans',
  'GET /v1/{coin}/rescans/estimate',
  'GET /v1/{coin}/jobs',
  'GET /v1/{coin}/jobs/{id}',
  'DELETE /v1/{coin}/jobs/{id}',
  'GET /v1/{coin}/events',
  'GET /v1/{coin}/deposits/{id}/history',
  'GET /v1/{coin}/payouts/{id}/history',
  'GET /v1/{coin}/psbts',
  'GET /v1/{coin}/psbts/{id}',
  'PUT /v1/{coin}/psbts/{id}',
  'GET /v1/{coin}/events/{sequence}',
  'POST /v1/consoles/{id}',
  'DELETE /v1/consoles/{id}',
  'POST /v1/sinks/{name}/pause',
  'POST /v1/sinks/{name}/replay',
  'GET /v1/sinks',
  'GET /v1/{coin}/deliveries',
  'POST /v1/{coin}/deliveries/{id}/retry',
];

const operations = (): [name: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

const references = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
};

test('it is OpenAPI 3.1 and covers every route, no more and no less', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(
    operations()
      .map(([name]) => name)
      .sort(),
  ).toEqual([...ROUTES].sort());
});

test('every operation says what it is for, names its path parameters and describes its answers', () => {
  for (const [name, operation] of operations()) {
    expect(operation.summary, name).toBeTruthy();
    const inPath = [...name.matchAll(/\{([a-z]+)\}/g)].map(match => match[1] ?? '').toSorted();
    const described = (operation.parameters ?? []).filter(parameter => parameter.in === 'path');
    expect(described.map(parameter => parameter.name).sort(), name).toEqual(inPath);
    expect(
      Object.keys(operation.responses).some(status => status.startsWith('2')),
      name,
    ).toBe(true);
    expect(operation.responses['default']?.content, name).toHaveProperty(['application/problem+json']);
    for (const response of Object.values(operation.responses)) expect(typeof response.description, name).toBe('string');
  }
});

test('every operation names the scope that it needs', () => {
  const scopes = new Map(
    operations().map(([name, {security}]) => [name, security?.flatMap(one => one['token'] ?? [])]),
  );
  expect(scopes.get('GET /v1/{coin}/payouts')).toEqual(['read']);
  expect(scopes.get('POST /v1/{coin}/payouts')).toEqual(['pay']);
  expect(scopes.get('POST /v1/{coin}/transfers')).toEqual(['pay']);
  expect(scopes.get('POST /v1/{coin}/accounts/{name}/addresses')).toEqual(['receive']);
  expect(scopes.get('POST /v1/{coin}/payouts/{id}/approve')).toEqual(['operate']);
  for (const [name, [scope]] of [...scopes].map(([name, found]) => [name, found ?? []] as const))
    expect(name.startsWith('GET ') ? ['read'] : ['receive', 'pay', 'operate'], name).toContain(scope);
});

test('bodies refuse unknown keys, and every reference leads somewhere', () => {
  for (const [name, {requestBody}] of operations()) {
    if (requestBody === undefined) continue;
    expect(requestBody.content['application/json']?.schema['additionalProperties'], name).toBe(false);
  }
  for (const reference of references(document)) {
    const [, , kind, id] = reference.split('/');
    expect(kind).toBe('schemas');
    expect(document.components.schemas, reference).toHaveProperty([id!]);
  }
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Payout', 'Deposit', 'Status']));
});

test('what the routes really answer fits their schemas', async () => {
  const status = await served.api.get<Record<string, unknown>>('/v1/status');
  const {required} = document.components.schemas['Status'] as {required: string[]};
  expect(Object.keys(status).sort()).toEqual([...required].sort());
});
