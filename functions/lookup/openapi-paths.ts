import * as z from 'zod/mini';
import { MAX_BODY_BYTES } from '../../shared/fc/body.ts';
import { STATUS_BY_CODE } from '../../shared/fc/http.ts';
import type { ProblemCode } from '../../shared/fc/problem.ts';
import { instant, MAX_LOOKUPS, MAX_REGISTRATIONS, merchantBizId, transactionId } from './request-schema.ts';

/** The paths of the OpenAPI document. A test holds them against the routes. */
type Json = { [key: string]: unknown };

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json, description: string, headers?: Json) => ({
  description,
  ...(headers === undefined ? {} : { headers }),
  content: { 'application/json': { schema } },
});

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
};

const PROBLEMS = {
  400: 'Something in the request is not valid; `issues` names it.',
  401: 'AUTH=bearer: no accepted token was sent.',
  404: 'ID Verification has no session of this id (any more).',
  405: 'The path does not take this method; see Allow.',
  409: 'The session is under way (ProcessNotCompleted); the transaction is registered.',
  413: `The body has more than ${MAX_BODY_BYTES} bytes.`,
  415: 'The content type is none of those listed.',
  429: 'The quota of calls per second is used up.',
  500: 'Something went wrong on our side.',
  501: 'No sweep function is set up (SWEEP_FUNCTION).',
  502: 'A service behind this API failed or refused; `detail` says what to fix.',
  503: 'The log store refused: nothing was stored, or nothing could be read.',
  504: 'A service behind this API did not answer in time.',
} as const;
const RETRIED: ReadonlySet<number> = new Set([409, 429, 502, 503, 504]);

/** What an operation may answer instead, by status. */
function problems(...codes: ProblemCode[]): Json {
  const statuses = new Set(codes.map((code) => STATUS_BY_CODE[code]));
  return Object.fromEntries(
    [...statuses].map((status) => [
      String(status),
      {
        description: PROBLEMS[status],
        ...(RETRIED.has(status) ? { headers: RETRY_AFTER } : {}),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                ref('Problem'),
                { properties: { code: { enum: codes.filter((code) => STATUS_BY_CODE[code] === status) } } },
              ],
            },
          },
        },
      },
    ]),
  );
}

/** Of every operation that does something. */
const GUARDED = [
  'INPUT_INVALID',
  'UNAUTHORIZED',
  'METHOD_NOT_ALLOWED',
  'CREDENTIALS_MISSING',
  'INTERNAL',
] as const;
/** Of those that take a body. */
const BODY = ['BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const;
/** A service behind the operation fails, or the function's time is over. */
const SERVICE = ['UPSTREAM_NETWORK', 'UPSTREAM_CONTRACT', 'UPSTREAM_TIMEOUT', 'DEADLINE_NEAR'] as const;

const inlineSchema = (schema: z.ZodMiniType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return rest;
};
const parameter = (name: string, place: 'path' | 'query', schema: z.ZodMiniType, description: string) => ({
  name,
  in: place,
  required: place === 'path',
  description,
  schema: inlineSchema(schema),
});

const LINES = {
  schema: {
    type: 'string',
    description: `One Transaction as JSON per line, at most ${MAX_REGISTRATIONS} lines.`,
  },
};

const REGISTRATION_BODY = {
  required: true,
  content: {
    'application/json': {
      schema: {
        oneOf: [
          ref('Transaction'),
          {
            type: 'object',
            properties: {
              transactions: {
                type: 'array',
                items: ref('Transaction'),
                minItems: 1,
                maxItems: MAX_REGISTRATIONS,
              },
            },
            required: ['transactions'],
            additionalProperties: false,
          },
        ],
      },
      examples: {
        one: {
          value: {
            transactionId: '08573be80f944d95ac812e019e3655a8',
            initializedAt: '2026-11-23T08:00:00Z',
            labels: { platform: 'android', app_version: '5.2.1' },
          },
        },
      },
    },
    'application/x-ndjson': LINES,
    'application/ndjson': LINES,
  },
};

const LOOKUPS_BODY = {
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          transactions: { type: 'array', items: ref('Transaction'), minItems: 1, maxItems: MAX_LOOKUPS },
        },
        required: ['transactions'],
        additionalProperties: false,
      },
    },
  },
};

export const PATHS = {
  '/v1/transactions': {
    post: {
      operationId: 'registerTransactions',
      summary: 'Register transactions, so that their logs are fetched when their 30 minutes are over',
      description: 'One transaction, a batch, or NDJSON. Each item succeeds or fails for itself.',
      requestBody: REGISTRATION_BODY,
      responses: {
        202: json(ref('Registered'), 'At least one was stored.'),
        ...problems(...GUARDED, ...BODY, 'NOT_STORED'),
      },
    },
  },
  '/v1/transactions/{transactionId}': {
    get: {
      operationId: 'lookUpTransaction',
      summary: 'Ask about one transaction now',
      description:
        'Writes the record and its events, unless a final record of the same revision is there. An answer that is not final leaves the transaction registered.',
      parameters: [
        parameter('transactionId', 'path', transactionId, 'The transaction.'),
        parameter('merchantBizId', 'query', merchantBizId, 'As given to Initialize; default: as registered.'),
        parameter('initializedAt', 'query', instant, 'When the session was opened; default: as registered.'),
      ],
      responses: {
        200: json(ref('Lookup'), 'What ID Verification says, understood.'),
        ...problems(
          ...GUARDED,
          'TRANSACTION_INVALID',
          'NOT_COMPLETED',
          'THROTTLED',
          'UPSTREAM_FORBIDDEN',
          'UPSTREAM_HTTP',
          ...SERVICE,
        ),
      },
    },
  },
  '/v1/lookups': {
    post: {
      operationId: 'lookUpTransactions',
      summary: 'Ask about several transactions now',
      description:
        "What the function's time or the lookups' share of the quota does not allow is registered instead, and said.",
      requestBody: LOOKUPS_BODY,
      responses: {
        200: json(ref('Lookups'), 'One result for each item, in order.'),
        ...problems(...GUARDED, ...BODY),
      },
    },
  },
  '/v1/sweeps': {
    post: {
      operationId: 'startSweep',
      summary: 'Start one run of the sweep now',
      description: 'A run that finds another at work ends at once.',
      responses: {
        202: json(ref('SweepStarted'), 'Function Compute has accepted the run.'),
        ...problems(...GUARDED, ...BODY, 'SWEEP_NOT_CONFIGURED', 'UPSTREAM_HTTP', ...SERVICE),
      },
    },
  },
  '/v1/ledger': {
    get: {
      operationId: 'readLedger',
      summary: 'What became of everything that was registered in a period',
      parameters: [
        parameter(
          'from',
          'query',
          instant,
          'Beginning of the period, by registration, within the days that the queue keeps (PENDING_RETENTION_DAYS); default: 30 days before `to`, or as many as are kept. The answer says which.',
        ),
        parameter('to', 'query', instant, 'End of the period, not included; default: now.'),
      ],
      responses: {
        200: json(ref('Ledger'), 'registered = the sum of finished to residual.'),
        ...problems(...GUARDED, 'SLS', ...SERVICE),
      },
    },
  },
  '/v1/health': {
    get: {
      operationId: 'health',
      summary: 'Whether the function answers',
      security: [],
      responses: { 200: json(ref('Health'), 'It does.'), ...problems('METHOD_NOT_ALLOWED') },
    },
  },
  '/v1/openapi.json': {
    get: {
      operationId: 'readOpenApi',
      summary: 'This document',
      security: [],
      responses: {
        200: json({ type: 'object' }, 'OpenAPI 3.1.'),
        ...problems('INPUT_INVALID', 'METHOD_NOT_ALLOWED'),
      },
    },
  },
};
