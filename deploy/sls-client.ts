import { $OpenApiUtil } from '@alicloud/openapi-core';
import * as sdk from '@alicloud/sls20201230';
import type { Credentials } from '../shared/credentials.ts';
import { SlsError, UpstreamNetworkError, UpstreamTimeoutError } from '../shared/errors.ts';
import { defaultOf } from '../shared/openapi/core.ts';
import { parseEndpoint, safeMessage } from '../shared/openapi/transport.ts';

/**
 * The official control-plane client of SLS with three things added:
 * - where the endpoint is an IP address or localhost, the project travels in `x-log-project`, because
 *   `project.127.0.0.1` resolves nowhere;
 * - transient failures are retried: no response, 5xx, quotas; and "does not exist" for what is known to exist, since
 *   it takes up to a minute until every front end of the service knows a new project or logstore;
 * - every refusal is an `SlsError` with the service's own code.
 */
export interface SlsControlOptions {
  /** Host, with `http://` where it is not https. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** How long a call waits for something just created to become visible. */
  readonly visibleWithinMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
}

const SlsClient = defaultOf(sdk.default);

type Execute = InstanceType<typeof SlsClient>['execute'];
type Request = Parameters<Execute>[1] & {
  hostMap?: Record<string, string>;
  headers?: Record<string, string>;
};

const CONNECT_TIMEOUT_MS = 5_000;
const READ_TIMEOUT_MS = 20_000;
const TRIES = 5;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;
/** The samples of the Python SDK sleep 40 s after CreateLogstore; this is a little over twice that. */
const VISIBLE_WITHIN_MS = 90_000;

export class SlsControl extends SlsClient {
  readonly #byHeader: boolean;
  readonly #visibleWithinMs: number;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #known = new Set<string>();

  constructor(options: SlsControlOptions) {
    const { host, protocol, isAddress } = parseEndpoint(options.endpoint);
    super(
      new $OpenApiUtil.Config({
        ...options.credentials,
        regionId: options.region,
        endpoint: host,
        protocol,
        connectTimeout: CONNECT_TIMEOUT_MS,
        readTimeout: READ_TIMEOUT_MS,
      }),
    );
    this.#byHeader = isAddress;
    this.#visibleWithinMs = options.visibleWithinMs ?? VISIBLE_WITHIN_MS;
    this.#sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** From now on "does not exist" for this project, or logstore, means "not visible yet". */
  expect(project: string, logstore = ''): void {
    this.#known.add(`${project}/${logstore}`);
  }

  forget(project: string): void {
    this.#known.delete(`${project}/`);
  }

  /** @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError */
  override async execute(...[params, request, runtime]: Parameters<Execute>): ReturnType<Execute> {
    const project = (request as Request).hostMap?.project;
    const target = this.#address(request as Request);
    let waitedMs = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await super.execute(params, target, runtime);
      } catch (cause) {
        const error = toServiceError(cause);
        const invisible = this.#isInvisible(error, project, params.pathname ?? '');
        const again = invisible ? waitedMs < this.#visibleWithinMs : error.retryable && attempt < TRIES;
        if (!again) throw error;
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
        waitedMs += waitMs;
        await this.#sleep(waitMs);
      }
    }
  }

  #address(request: Request): Request {
    const { hostMap, ...rest } = request;
    if (!this.#byHeader || hostMap?.project === undefined) return request;
    return new $OpenApiUtil.OpenApiRequest({
      ...rest,
      headers: { ...request.headers, 'x-log-project': hostMap.project },
    });
  }

  #isInvisible(error: Error, project: string | undefined, pathname: string): boolean {
    if (!(error instanceof SlsError) || project === undefined) return false;
    if (error.serverCode === 'ProjectNotExist') return this.#known.has(`${project}/`);
    if (error.serverCode !== 'LogStoreNotExist') return false;
    const [, logstore = ''] = /^\/logstores\/([^/?]+)/.exec(pathname) ?? [];
    return this.#known.has(`${project}/${logstore}`);
  }
}

interface SdkError {
  readonly code?: string;
  readonly message?: string;
  readonly data?: { readonly statusCode?: number; readonly httpCode?: number; readonly requestId?: string };
}

function toServiceError(cause: unknown): SlsError | UpstreamNetworkError | UpstreamTimeoutError {
  if (
    cause instanceof SlsError ||
    cause instanceof UpstreamNetworkError ||
    cause instanceof UpstreamTimeoutError
  ) {
    return cause;
  }
  const { code, message = '', data } = cause as SdkError;
  if (data?.statusCode !== undefined) {
    const text = message.startsWith(`${code}: `) ? message.slice(`${code}: `.length) : message;
    return new SlsError(data.statusCode, code ?? 'Unknown', safeMessage(text), { requestId: data.requestId });
  }
  if (/timeout/i.test(`${code} ${message}`))
    return new UpstreamTimeoutError('SLS did not answer in time', { cause });
  return new UpstreamNetworkError('SLS was not reached', { cause });
}
