import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../../../functions/lookup/define-endpoint.ts';
import { openApiDocument } from '../../../../functions/lookup/endpoints.ts';
import { safeParseTransaction } from '../../../../shared/api/transaction.ts';
import { schemaProblems } from '../../../support/openapi-check.ts';

const document = JSON.parse(JSON.stringify(openApiDocument()));

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { schema: object }> };
  readonly responses: Record<string, { content: Record<string, { schema: object }> }>;
}
const operations = new Map(
  Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
  ),
);

/** As much of the schema of https://spec.openapis.org/oas/v3.1.1.html as a document like ours has to obey, read 2026-11-24. */
const text = { type: 'string' };
const mapOf = (schema: object) => ({ type: 'object', additionalProperties: schema });
const exactly = (properties: Record<string, object>, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const CONTENT = mapOf(
  exactly({ schema: { type: 'object' }, examples: mapOf(exactly({ value: {} }, ['value'])) }, ['schema']),
);
const HEADER = exactly({ description: text, schema: { type: 'object' } }, ['schema']);
const RESPONSE = exactly({ description: text, headers: mapOf(HEADER), content: CONTENT }, ['description']);
const SECURITY = { type: 'array', items: mapOf({ type: 'array', items: text }) };
const PARAMETER = exactly(
  {
    name: text,
    in: { enum: ['path', 'query', 'header', 'cookie'] },
    required: { type: 'boolean' },
    description: text,
    schema: { type: 'object' },
  },
  ['name', 'in', 'schema'],
);
const OPERATION = exactly(
  {
    operationId: text,
    summary: text,
    description: text,
    security: SECURITY,
    parameters: { type: 'array', items: PARAMETER },
    requestBody: exactly({ description: text, required: { type: 'boolean' }, content: CONTENT }, ['content']),
    responses: {
      type: 'object',
      propertyNames: { pattern: '^[1-5][0-9][0-9]$' },
      additionalProperties: RESPONSE,
    },
  },
  ['operationId', 'responses'],
);
const PATH_ITEM = {
  type: 'object',
  propertyNames: { enum: ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] },
  additionalProperties: OPERATION,
};
const OPENAPI = exactly(
  {
    openapi: { type: 'string', pattern: '^3\\.1\\.[0-9]+$' },
    info: exactly(
      {
        title: text,
        version: text,
        description: text,
        license: exactly({ name: text, identifier: text }, ['name']),
      },
      ['title', 'version'],
    ),
    servers: { type: 'array', items: exactly({ url: text }, ['url']) },
    security: SECURITY,
    paths: { type: 'object', propertyNames: { pattern: '^/' }, additionalProperties: PATH_ITEM },
    components: exactly(
      {
        schemas: { type: 'object', propertyNames: { pattern: '^[A-Za-z0-9._-]+$' } },
        securitySchemes: mapOf({
          oneOf: [
            exactly(
              { type: { const: 'apiKey' }, in: { enum: ['query', 'header'] }, name: text, description: text },
              ['type', 'in', 'name'],
            ),
            exactly({ type: { const: 'http' }, scheme: text, description: text }, ['type', 'scheme']),
          ],
        }),
      },
      [],
    ),
  },
  ['openapi', 'info', 'paths'],
);

function* refsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref') yield String(member);
    else yield* refsIn(member);
  }
}

describe('the OpenAPI document', () => {
  it('is one of OpenAPI 3.1', () => {
    expect(schemaProblems(OPENAPI, OPENAPI, document)).toEqual([]);
  });

  it.each([
    ['an operation without responses', { paths: { '/v1/health': { get: { operationId: 'health' } } } }],
    ['a path without a slash', { paths: { health: {} } }],
    ['a method of its own', { paths: { '/v1/health': { read: {} } } }],
  ])('would not be with %s: the control', (_what, change) => {
    expect(schemaProblems(OPENAPI, OPENAPI, { ...document, ...change })).not.toEqual([]);
  });

  it('lists the operations of the API, with their parameters and their response', () => {
    const listed = [...operations].map(([name, { operationId, parameters = [], responses }]) => [
      name,
      operationId,
      parameters.map((one) => `${one.in} ${one.name}${one.required ? '' : '?'}`),
      Object.keys(responses).filter((status) => status < '300'),
    ]);
    const expected = [
      ['POST /v1/transactions', 'registerTransactions', [], ['202']],
      [
        'GET /v1/transactions/{transactionId}',
        'lookUpTransaction',
        ['path transactionId', 'query merchantBizId?', 'query initializedAt?'],
        ['200'],
      ],
      ['POST /v1/lookups', 'lookUpTransactions', [], ['200']],
      ['POST /v1/sweeps', 'startSweep', [], ['202']],
      ['GET /v1/ledger', 'readLedger', ['query from?', 'query to?'], ['200']],
      ['GET /v1/health', 'health', [], ['200']],
      ['GET /v1/openapi.json', 'readOpenApi', [], ['200']],
    ];
    expect(listed).toEqual(expect.arrayContaining(expected));
    expect(listed).toHaveLength(expected.length);
  });

  it('says what may be sent', () => {
    const bodies = [...operations].flatMap(([name, { requestBody }]) =>
      requestBody === undefined ? [] : [[name, requestBody.required, Object.keys(requestBody.content)]],
    );
    expect(bodies).toEqual([
      ['POST /v1/transactions', true, ['application/json', 'application/x-ndjson', 'application/ndjson']],
      ['POST /v1/lookups', true, ['application/json']],
    ]);
  });

  const one = { transactionId: 'a' };
  it.each([
    ['POST /v1/transactions', one, true],
    ['POST /v1/transactions', { transactions: [one] }, true],
    ['POST /v1/transactions', { transactions: Array.from({ length: 1_000 }, () => one) }, true],
    ['POST /v1/transactions', { transactions: Array.from({ length: 1_001 }, () => one) }, false],
    ['POST /v1/transactions', { transactions: [] }, false],
    ['POST /v1/transactions', { transactions: [{ transactionId: '' }] }, false],
    ['POST /v1/transactions', { transactions: [one], more: 1 }, false],
    ['POST /v1/lookups', { transactions: Array.from({ length: 50 }, () => one) }, true],
    ['POST /v1/lookups', { transactions: Array.from({ length: 51 }, () => one) }, false],
    ['POST /v1/lookups', { transactions: [] }, false],
    ['POST /v1/lookups', one, false],
  ])('%s of a body like %.60j: %s', (name, body, isTaken) => {
    const schema = operations.get(name)?.requestBody?.content['application/json']?.schema;
    expect(schemaProblems(document, schema, body).length === 0).toBe(isTaken);
  });

  const LOOKUP = [
    'transactionId',
    'final',
    'stored',
    'record',
    'events',
    'story',
    'history',
    'historyComplete',
  ];
  it.each([
    ['POST /v1/transactions', '202', ['accepted', 'rejected', 'dueAt']],
    ['GET /v1/transactions/{transactionId}', '200', LOOKUP],
    ['POST /v1/lookups', '200', ['answered', 'queued', 'problems', 'results']],
    ['POST /v1/sweeps', '202', ['requestId']],
    [
      'GET /v1/ledger',
      '200',
      [
        ...['from', 'to', 'registered', 'finished', 'interrupted', 'notStarted', 'unknown', 'notCompleted'],
        ...['invalid', 'expired', 'gaveUp', 'waiting', 'residual', 'unreadable', 'unregistered', 'complete'],
      ],
    ],
    ['GET /v1/health', '200', ['status']],
  ])('%s: what is always in its %s', (name, status, members) => {
    const schema = operations.get(name)?.responses[status]?.content['application/json']?.schema;
    const missing = schemaProblems(document, schema, {});
    expect(missing.sort()).toEqual(
      members.map((member) => `$ must have required property '${member}'`).sort(),
    );
  });

  it('has a problem document for every failure, with these members', () => {
    for (const { responses } of operations.values()) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (status < '300') continue;
        expect(Object.keys(content)).toEqual(['application/problem+json']);
        expect(
          schemaProblems(document, content['application/problem+json']?.schema, {
            type: 't',
            title: 't',
            status: Number(status),
            detail: 'd',
            requestId: 'r',
          }),
        ).toEqual(["$ must have required property 'code'"]);
      }
    }
  });

  const record = (row: object) => schemaProblems(document, { $ref: '#/components/schemas/Record' }, row);
  it('knows the columns of a record, and of what type they are', () => {
    const row = { transaction_id: 'a', final: 'true', asked_at_ms: 1, attempt: 2, story: 's', labels: '{}' };
    expect(record(row)).toEqual([]);
    expect(record({})).toEqual([]);
    expect(record({ ...row, asked_at_ms: '1' })).toEqual(['$/asked_at_ms must be integer']);
    expect(record({ ...row, final: true })).toEqual(['$/final must be string']);
    expect(record({ ...row, askedAtMs: 1 })).toEqual(['$ must NOT have additional properties: askedAtMs']);
  });

  it('has what every reference points to, and an operation id once', () => {
    for (const ref of refsIn(document)) {
      expect(ref).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(document.components.schemas).toHaveProperty(ref.split('/').at(-1) ?? '');
    }
    const ids = [...operations.values()].map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has a parameter for each placeholder', () => {
    for (const [name, { parameters = [] }] of operations) {
      const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name: one }) => one);
      expect(named).toEqual([...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    }
  });

  it.each([
    [{ transactionId: 'a' }],
    [{ transactionId: 'a b' }],
    [{ transactionId: 'x'.repeat(65) }],
    [{ transactionId: 'a', merchantBizId: 'ok1' }],
    [{ transactionId: 'a', merchantBizId: 'not-ok' }],
    [{ transactionId: 'a', initializedAt: '2026-11-23' }],
    [{ transactionId: 'a', initializedAt: 'tomorrow' }],
    [{ transactionId: 'a', labels: { platform: 'ios' } }],
    [{ transactionId: 'a', labels: { Platform: 'ios' } }],
    [{ transactionId: 'a', labels: { a: 5 } }],
    [{ transactionId: 'a', labels: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, ''])) }],
    [{ transactionId: 'a', other: 1 }],
    [{}],
    [[]],
    [null],
  ])('agrees with what is accepted: %j', (value) => {
    const nowMs = Date.UTC(2026, 10, 23, 12);
    const documented =
      schemaProblems(document, { $ref: '#/components/schemas/Transaction' }, value).length === 0;
    expect(documented).toBe(safeParseTransaction(value, { nowMs, initializedMs: 31 * 86_400_000 }).ok);
  });
});

it('holds every endpoint that is defined, and the README names each', async () => {
  const folder = new URL('../../../../functions/lookup/', import.meta.url);
  const readme = readFileSync(new URL('../../README.md', folder), 'utf8');
  const defined: Endpoint[] = [];
  for (const file of readdirSync(folder)) {
    // index.ts is the entry point: it reads the settings of a deployment.
    if (file === 'index.ts') continue;
    const exports: Record<string, unknown> = await import(new URL(file, folder).href);
    for (const [name, value] of Object.entries(exports)) {
      if (/Endpoint$/.test(name) && typeof value === 'object') defined.push(value as Endpoint);
    }
  }
  expect(defined.length).toBeGreaterThan(0);
  for (const { method, path } of defined) {
    expect([...operations.keys()]).toContain(`${method} ${path}`);
  }
  for (const operation of operations.keys()) {
    expect(readme).toContain(`\`${operation.replace('{transactionId}', '{id}')}`);
  }
});
