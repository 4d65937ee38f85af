import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { Credentials } from '../../shared/credentials.ts';
import { defaultOf } from '../../shared/openapi/core.ts';
import { retry } from '../../shared/retry.ts';
import { SECOND_MS, systemClock } from '../../shared/time.ts';

/** How requests authenticate. */
export type Auth =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'sign'; readonly credentials: () => Promise<Credentials> };

interface ApiOptions {
  readonly url: string;
  readonly auth: Auth;
}

/** The API refused a request or could not be reached. `retryable`: the same request may succeed later. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly problem: ApiProblem | undefined;
  readonly retryable: boolean;

  constructor(
    message: string,
    options: { status?: number; problem?: ApiProblem | undefined; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.problem = options.problem;
    this.code = options.problem?.code;
    this.retryable = options.status === undefined || RETRYABLE_STATUSES.includes(options.status);
  }
}

/** The members of a problem document that are read here. */
interface ApiProblem {
  readonly detail?: string;
  readonly code?: string;
  readonly retryAfterSeconds?: number;
  readonly issues?: ReadonlyArray<{ readonly path: string; readonly message: string }>;
}

const RETRYABLE_STATUSES = [429, 500, 502, 503, 504];
const TIMEOUT_MS = 90_000;
const RETRY = {
  attempts: 6,
  baseMs: 750,
  capMs: 30_000,
  askedMs: (error: unknown) =>
    error instanceof ApiError ? (error.problem?.retryAfterSeconds ?? 0) * SECOND_MS : undefined,
};

export interface Api {
  /** @throws ApiError */
  call<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
}

interface RequestOptions {
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  /** Do not retry. */
  readonly once?: boolean;
}

export function createApi(options: ApiOptions): Api {
  return {
    async call<T>(method: string, path: string, requestOptions: RequestOptions = {}): Promise<T> {
      const policy = { ...RETRY, attempts: requestOptions.once ? 1 : RETRY.attempts };
      const request = () => send(options, { method, path, ...requestOptions });
      return (await retry(request, policy, systemClock, Math.random)) as T;
    },
  };
}

interface Outgoing extends RequestOptions {
  readonly method: string;
  readonly path: string;
}

async function send({ url: base, auth }: ApiOptions, outgoing: Outgoing): Promise<unknown> {
  const { method, path, query = {}, body } = outgoing;
  const url = new URL(path.replace(/^\//, ''), base.endsWith('/') ? base : `${base}/`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const headers: Record<string, string> = {
    ...(await authHeaders(auth, method, url)),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError(`${base} cannot be reached`, { cause: error });
  }
  const value = parse(text);
  if (response.ok) return value;
  const problem = isProblem(value) ? value : undefined;
  throw new ApiError(explain(response.status, problem), { status: response.status, problem });
}

async function authHeaders(auth: Auth, method: string, url: URL): Promise<Record<string, string>> {
  if (auth.kind === 'bearer') return { authorization: `Bearer ${auth.token}` };
  if (auth.kind === 'sign') return signTriggerRequest(method, url, await auth.credentials());
  return {};
}

const OpenApiUtil = defaultOf(openApiUtil);

/**
 * The headers for a trigger with `authType: function`, made by the official signer as in Alibaba Cloud's own example:
 * only x-acs-* headers are signed, and the body is not (an empty payload argument).
 * https://help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
 * (read 2026-11-23)
 */
function signTriggerRequest(method: string, url: URL, credentials: Credentials): Record<string, string> {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const headers: Record<string, string> = {
    'x-acs-date': OpenApiUtil.getTimestamp(),
    ...(securityToken === undefined ? {} : { 'x-acs-security-token': securityToken }),
  };
  // The signer's type is the SDK's whole request, but it reads only these four members.
  const request = {
    method,
    pathname: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
  } as Parameters<typeof OpenApiUtil.getAuthorization>[0];
  const authorization = OpenApiUtil.getAuthorization(
    request,
    'ACS3-HMAC-SHA256',
    '',
    accessKeyId,
    accessKeySecret,
  );
  return { ...headers, authorization };
}

function explain(status: number, problem: ApiProblem | undefined): string {
  if (problem?.detail === undefined) {
    return status === 401 || status === 403
      ? `the trigger refused the request (${status}): check --auth, and that your keys may invoke the function`
      : `the trigger responded with ${status}`;
  }
  const issues = (problem.issues ?? []).map(({ path, message }) => `\n  ${path} ${message}`);
  return `${problem.detail}${issues.join('')}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is ApiProblem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}
