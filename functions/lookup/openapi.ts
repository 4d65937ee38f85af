import * as z from 'zod/mini';
import { problem } from '../../shared/api/responses.ts';
import { MAX_BODY_BYTES } from '../../shared/fc/request.ts';
import { PROBLEMS, type ProblemCode } from '../../shared/fc/response.ts';
import type { Body, Endpoint } from './define-endpoint.ts';

/**
 * The OpenAPI 3.1 document of the API, made from its endpoints: from the schemas that validate requests, and from those
 * that the tests check every response against. 3.1 uses JSON Schema 2020-12 unchanged.
 */
type Json = { [key: string]: unknown };

export function describeApi(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] = {
      ...paths[endpoint.path],
      [endpoint.method.toLowerCase()]: operationOf(endpoint),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'idv-dropoff',
      version: '1',
      description:
        'Why people leave identity verification: session logs of Alibaba Cloud ID Verification, fetched in time and interpreted. Errors are RFC 9457 problem documents. Every path also takes OPTIONS, and HEAD where it takes GET.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ trigger: [] }, { bearer: [] }],
    paths,
    components: {
      schemas: namedSchemas(endpoints),
      securitySchemes: {
        trigger: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description:
            "AUTH=trigger: the HTTP trigger's own check, an ACS3-HMAC-SHA256 signature (authType function) or a JWT (authType jwt).",
        },
        bearer: { type: 'http', scheme: 'bearer', description: 'AUTH=bearer: one of the accepted tokens.' },
      },
    },
  };
}

function operationOf(endpoint: Endpoint): Json {
  const { operationId, summary, description, open, body, response } = endpoint;
  const parameters = [
    ...parametersOf(endpoint.params, { in: 'path', required: true }),
    ...parametersOf(endpoint.query, { in: 'query', required: false }),
  ];
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(open ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body) }),
    responses: {
      [response.status]: {
        description: response.description,
        content: { 'application/json': { schema: schemaOf(response.schema) } },
      },
      ...problemResponsesOf(problemsOf(endpoint)),
    },
  };
}

function parametersOf(parameters: Endpoint['params'] = {}, place: { in: string; required: boolean }): Json[] {
  return Object.entries(parameters).map(([name, { schema, description }]) => ({
    name,
    ...place,
    description,
    schema: schemaOf(schema),
  }));
}

function requestBodyOf({ json, ndjson, example }: Body): Json {
  const schemas = json.map(schemaOf);
  const lines = { schema: { type: 'string', description: ndjson } };
  return {
    required: true,
    content: {
      'application/json': {
        schema: schemas.length === 1 ? schemas[0] : { oneOf: schemas },
        ...(example === undefined ? {} : { examples: { one: { value: example } } }),
      },
      ...(ndjson === undefined ? {} : { 'application/x-ndjson': lines, 'application/ndjson': lines }),
    },
  };
}

/** How an endpoint may fail: problems common to its kind, and its own. */
function problemsOf({ method, open, query, problems = [] }: Endpoint): ProblemCode[] {
  return [
    ...(query === undefined ? [] : (['INPUT_INVALID'] as const)),
    'METHOD_NOT_ALLOWED',
    ...(open ? [] : (['UNAUTHORIZED', 'CREDENTIALS_MISSING', 'INTERNAL'] as const)),
    ...(method === 'POST' ? (['BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const) : []),
    ...problems,
  ];
}

const STATUSES = {
  400: 'Something in the request is not valid; `issues` names it.',
  401: 'AUTH=bearer: no accepted token was sent.',
  404: 'ID Verification has no session with this id (any more).',
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
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
};

function problemResponsesOf(codes: readonly ProblemCode[]): Json {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const ofStatus = codes.filter((code) => PROBLEMS[code].status === status);
      const schema = { allOf: [schemaOf(problem), { properties: { code: { enum: ofStatus } } }] };
      return [
        String(status),
        {
          description: STATUSES[status],
          ...(RETRIED.has(status) ? { headers: RETRY_AFTER } : {}),
          content: { 'application/problem+json': { schema } },
        },
      ];
    }),
  );
}

/** A schema inline, or a reference to it if it has a name. */
function schemaOf(schema: z.ZodMiniType): Json {
  const id = z.globalRegistry.get(schema)?.id;
  if (id !== undefined) return { $ref: `#/components/schemas/${id}` };
  const { $schema: _, ...inline } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return inline;
}

/** All named schemas, those that they refer to included. */
function namedSchemas(endpoints: readonly Endpoint[]): Json {
  const used = [
    ...endpoints.flatMap(({ body, response }) => [...(body?.json ?? []), response.schema]),
    problem,
  ];
  const schemas: Record<string, Json> = {};
  for (const schema of used) {
    const { $schema: _, $defs = {}, ...own } = rewriteRefs(z.toJSONSchema(schema, { io: 'input' })) as Json;
    Object.assign(schemas, $defs);
    if (typeof own.id === 'string') schemas[own.id] = own;
  }
  for (const schema of Object.values(schemas)) delete schema.id;
  return schemas;
}

/** Zod puts named schemas in `$defs` of each document; OpenAPI has one place for all. */
function rewriteRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewriteRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : rewriteRefs(member),
    ]),
  );
}
