import * as z from 'zod/mini';
import { exactly, type Parsed, safeParse } from '../../shared/api/transaction.ts';
import { type HttpRequest, type ParsedBody, parseBody } from '../../shared/fc/request.ts';
import { type FcResponse, jsonResponse, type ProblemCode, ProblemError } from '../../shared/fc/response.ts';
import type { LookupRequest } from './request.ts';

/**
 * One endpoint of the API in full: the router, the validation and the OpenAPI document are made from this, and the
 * type of its handler from the schema of its response.
 */
interface EndpointOptions<P extends Parameters, Q extends Parameters, R> {
  readonly method: 'GET' | 'POST';
  /** `{name}` stands for one of `params`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Needs neither a token nor the credentials of the function's role. */
  readonly open?: true;
  readonly params?: P;
  /** The parameters that the query may have, none of them required. Without this the query is ignored. */
  readonly query?: Q;
  /** What a POST accepts; without this, only an empty object or nothing. */
  readonly body?: Body;
  readonly response: {
    readonly status: 200 | 202;
    readonly schema: z.ZodMiniType<R>;
    readonly description: string;
  };
  /** How it may fail, beside the problems common to all endpoints of its kind (openapi.ts). */
  readonly problems?: readonly ProblemCode[];
  readonly handle: (request: LookupRequest, input: Input<P, Q>) => R | Promise<R>;
}

type Parameters = Readonly<Record<string, { readonly schema: z.ZodMiniType; readonly description: string }>>;
type NoParameters = Readonly<Record<never, never>>;

export interface Body {
  /** Any of these, as JSON. The handler validates it: each item succeeds or fails on its own. */
  readonly json: readonly z.ZodMiniType[];
  /** What each line holds, where NDJSON is accepted as well. */
  readonly ndjson?: string;
  readonly example?: unknown;
}

interface Input<P extends Parameters, Q extends Parameters> {
  readonly params: { readonly [K in keyof P]: z.output<P[K]['schema']> };
  readonly query: { readonly [K in keyof Q]?: z.output<Q[K]['schema']> };
  readonly body: ParsedBody;
}

/** An endpoint as the router and the OpenAPI document see it. */
export interface Endpoint extends Omit<EndpointOptions<Parameters, Parameters, unknown>, 'handle'> {
  readonly run: (request: LookupRequest, params: Readonly<Record<string, string>>) => Promise<FcResponse>;
}

export function defineEndpoint<
  R,
  const P extends Parameters = NoParameters,
  const Q extends Parameters = NoParameters,
>({ handle, ...endpoint }: EndpointOptions<P, Q, R>): Endpoint {
  const { method, params, query, body, response, open } = endpoint;
  const paramsSchema = shapeOf(params, (schema) => schema);
  const querySchema = query && shapeOf(query, z.exactOptional);
  return {
    ...endpoint,
    async run(request, given) {
      const { http, services } = request;
      const input = {
        params: parse(paramsSchema, given),
        query: querySchema === undefined ? {} : parse(querySchema, repaired(http.query)),
        body: method === 'GET' ? NO_BODY : parseBody(http, { ndjson: body?.ndjson !== undefined }),
      };
      if (body === undefined && input.body.kind === 'json') parse(NOTHING, input.body.value);
      // Fails at once if there are no credentials, rather than in every call.
      if (!open) services.role.provide();
      return jsonResponse(response.status, await handle(request, input as Input<P, Q>));
    },
  };
}

const NO_BODY: ParsedBody = { kind: 'none' };
const NOTHING = exactly({});

function shapeOf(parameters: Parameters = {}, as: (schema: z.ZodMiniType) => z.ZodMiniType) {
  return exactly(
    Object.fromEntries(Object.entries(parameters).map(([name, { schema }]) => [name, as(schema)])),
  );
}

/**
 * Whether FC decodes query values is not documented, and an unescaped plus sign of a zone arrives as a space. No
 * valid value holds a percent sign or a space, so undoing both cannot change one.
 */
function repaired(query: HttpRequest['query']): Record<string, string> {
  const decode = (value: string) => {
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  };
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, decode(value).replace(/ (?=\d\d:\d\d$)/, '+')]),
  );
}

/** @throws ProblemError INPUT_INVALID with the paths of what is wrong */
export function parse<T>(schema: z.core.$ZodType<T>, value: unknown): T {
  return valid(safeParse(schema, value));
}

/** @throws ProblemError INPUT_INVALID with the paths of what is wrong */
export function valid<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new ProblemError('INPUT_INVALID', 'The request is not valid.', { issues: parsed.issues });
}

/** A problem with one issue; the empty path is the whole body. */
export function badRequest(path: string, message: string): ProblemError {
  return new ProblemError('INPUT_INVALID', 'The request is not valid.', { issues: [{ path, message }] });
}
