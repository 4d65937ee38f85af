import * as z from 'zod/mini';
import {
  healthAnswer,
  ledgerAnswer,
  lookupAnswer,
  lookupsAnswer,
  problem,
  registerAnswer,
  sweepAnswer,
} from './answer-schema.ts';
import { PATHS } from './openapi-paths.ts';
import { registrationInput } from './request-schema.ts';

/**
 * The OpenAPI 3.1 document of this API, made from the schemas that validate requests and from those that the
 * tests hold every answer against. 3.1 takes JSON Schema 2020-12 as it is.
 */
type Json = { [key: string]: unknown };

/** Schemas that have a name, in the order they are to be read in. */
const NAMED = [
  registrationInput,
  registerAnswer,
  lookupAnswer,
  lookupsAnswer,
  sweepAnswer,
  ledgerAnswer,
  healthAnswer,
  problem,
];

let document: Json | undefined;

/** Made when first asked for: a cold start has no use for it. */
export function openApiDocument(): Json {
  document ??= {
    openapi: '3.1.1',
    info: {
      title: 'idv-dropoff',
      version: '1',
      description:
        'Why people leave identity verification: session logs of Alibaba Cloud ID Verification, fetched in time and understood. Errors are RFC 9457 problem documents. Every path also answers OPTIONS, and HEAD where it answers GET.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ trigger: [] }, { bearer: [] }],
    paths: PATHS,
    components: {
      schemas: namedSchemas(),
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
  return document;
}

function namedSchemas(): Json {
  const schemas: Json = {};
  for (const schema of NAMED) {
    const { $schema: _, $defs = {}, ...own } = rewriteRefs(z.toJSONSchema(schema, { io: 'input' })) as Json;
    Object.assign(schemas, $defs);
    const id = own.id;
    if (typeof id === 'string') schemas[id] = own;
  }
  for (const schema of Object.values(schemas)) delete (schema as Json).id;
  return schemas;
}

/** A document of its own keeps its named parts in `$defs`; here they are all in one place. */
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
