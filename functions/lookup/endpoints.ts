import * as z from 'zod/mini';
import { describe } from '../../shared/api/responses.ts';
import { ProblemError } from '../../shared/fc/response.ts';
import { defineEndpoint, type Endpoint } from './define-endpoint.ts';
import { ledgerEndpoint } from './ledger.ts';
import { lookupEndpoint } from './lookup.ts';
import { lookupsEndpoint } from './lookups.ts';
import { describeApi } from './openapi.ts';
import { registerEndpoint } from './register.ts';

const sweepsEndpoint = defineEndpoint({
  method: 'POST',
  path: '/v1/sweeps',
  operationId: 'startSweep',
  summary: 'Start one run of the sweep now',
  description: 'A run that finds another one at work ends at once.',
  query: {},
  response: {
    status: 202,
    schema: z
      .strictObject({
        requestId: describe(z.string(), 'The request id of the run, by which its logs are found.'),
      })
      .register(z.globalRegistry, { id: 'SweepStarted' }),
    description: 'Function Compute has accepted the run.',
  },
  problems: [
    'SWEEP_NOT_CONFIGURED',
    'UPSTREAM_HTTP',
    'UPSTREAM_NETWORK',
    'UPSTREAM_CONTRACT',
    'UPSTREAM_TIMEOUT',
    'DEADLINE_NEAR',
  ],
  handle({ services, context, deadline }) {
    if (services.startSweep === undefined) {
      throw new ProblemError('SWEEP_NOT_CONFIGURED', 'Set SWEEP_FUNCTION to the name of the sweep function.');
    }
    return services.startSweep(context.accountId, deadline.signal);
  },
});

const healthEndpoint = defineEndpoint({
  method: 'GET',
  path: '/v1/health',
  operationId: 'health',
  summary: 'Whether the function is up',
  // For load balancers.
  open: true,
  response: {
    status: 200,
    schema: z.strictObject({ status: z.literal('ok') }).register(z.globalRegistry, { id: 'Health' }),
    description: 'It is.',
  },
  handle: () => ({ status: 'ok' as const }),
});

const openApiEndpoint = defineEndpoint({
  method: 'GET',
  path: '/v1/openapi.json',
  operationId: 'readOpenApi',
  summary: 'This document',
  // Clients are generated from it, also where everything else needs a token.
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

/** Made at the first request for it: a cold start does not need it. */
export function openApiDocument(): object {
  document ??= describeApi(ENDPOINTS);
  return document;
}
