import * as z from 'zod/mini';
import { defineEndpoint, type Endpoint } from './define-endpoint.ts';
import { ledgerEndpoint } from './ledger.ts';
import { lookupEndpoint } from './lookup.ts';
import { lookupsEndpoint } from './lookups.ts';
import { describeApi } from './openapi.ts';
import { registerEndpoint } from './register.ts';
import { sweepsEndpoint } from './sweeps.ts';

const healthEndpoint = defineEndpoint({
  method: 'GET',
  path: '/v1/health',
  operationId: 'health',
  summary: 'Whether the function answers',
  // A load balancer asks this.
  open: true,
  response: {
    status: 200,
    schema: z.strictObject({ status: z.literal('ok') }).register(z.globalRegistry, { id: 'Health' }),
    description: 'It does.',
  },
  handle: () => ({ status: 'ok' as const }),
});

const openApiEndpoint = defineEndpoint({
  method: 'GET',
  path: '/v1/openapi.json',
  operationId: 'readOpenApi',
  summary: 'This document',
  // A client is made from it, even where everything else needs a token.
  open: true,
  query: {},
  response: {
    status: 200,
    schema: z.unknown().register(z.globalRegistry, { type: 'object' }),
    description: 'OpenAPI 3.1.',
  },
  handle: () => openApiDocument(),
});

/** The whole API. */
export const ENDPOINTS: readonly Endpoint[] = [
  registerEndpoint,
  lookupEndpoint,
  lookupsEndpoint,
  sweepsEndpoint,
  ledgerEndpoint,
  healthEndpoint,
  openApiEndpoint,
];

let document: object | undefined;

/** Made when first asked for: a cold start has no use for it. */
export function openApiDocument(): object {
  document ??= describeApi(ENDPOINTS);
  return document;
}
