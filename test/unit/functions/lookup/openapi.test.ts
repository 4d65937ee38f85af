import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { openApiDocument } from '../../../../functions/lookup/openapi.ts';
import { safeParseTransaction } from '../../../../functions/lookup/request-schema.ts';
import { ROUTES } from '../../../../functions/lookup/routes.ts';
import { schemaProblems } from '../../../support/openapi-check.ts';

const document = JSON.parse(JSON.stringify(openApiDocument()));

function* refsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref') yield String(member);
    else yield* refsIn(member);
  }
}

describe('the OpenAPI document', () => {
  it('is committed as the schemas make it', () => {
    const file = new URL('../../../../functions/lookup/openapi.json', import.meta.url);
    // If this fails: npx tsx test/support/write-openapi.ts
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(document);
  });

  it('lists every route with every method, and no other', () => {
    const routes = ROUTES.flatMap(({ template, methods }) =>
      Object.keys(methods).map((method) => `${method} ${template}`),
    );
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(routes.sort());
  });

  it('has what every reference points to, and an operation id once', () => {
    for (const ref of refsIn(document)) {
      expect(ref).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(document.components.schemas).toHaveProperty(ref.split('/').at(-1) ?? '');
    }
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path as Record<string, { operationId: string }>).map(
        (operation) => operation.operationId,
      ),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('has a parameter for each placeholder', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const operation of Object.values(
        operations as Record<string, { parameters?: { name: string; in: string }[] }>,
      )) {
        const named = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
      }
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
