import * as z from 'zod/mini';
import { describe } from '../../shared/api/responses.ts';
import { ProblemError } from '../../shared/fc/response.ts';
import { defineEndpoint } from './define-endpoint.ts';

export const sweepsEndpoint = defineEndpoint({
  method: 'POST',
  path: '/v1/sweeps',
  operationId: 'startSweep',
  summary: 'Start one run of the sweep now',
  description: 'A run that finds another at work ends at once.',
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
  async handle({ services, context, deadline }) {
    if (services.startSweep === undefined) {
      throw new ProblemError('SWEEP_NOT_CONFIGURED', 'Set SWEEP_FUNCTION to the name of the sweep function.');
    }
    const { requestId } = await services.startSweep(context.accountId, deadline.signal);
    return { requestId };
  },
});
