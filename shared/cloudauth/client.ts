import type { Credentials, CredentialsProvider } from '../credentials.ts';
import { UpstreamContractError, UpstreamTimeoutError } from '../errors.ts';
import { createTransport, parseEndpoint, type TransportOptions } from '../openapi/transport.ts';
import { type CheckVerifyLogOutcome, toOutcome } from './outcome.ts';
import { signRpc } from './signer.ts';

/**
 * CheckVerifyLog, https://www.alibabacloud.com/help/doc-detail/2879914.html (read 2026-11-23).
 * The method and member names follow the generated SDK, so that it can be swapped in.
 */
interface CheckVerifyLogRequest {
  merchantBizId: string;
  transactionId: string;
}

export interface CloudauthClient {
  checkVerifyLog(
    request: CheckVerifyLogRequest,
    options?: { signal?: AbortSignal },
  ): Promise<CheckVerifyLogOutcome>;
}

/** A session's log has some tens of KB; anything far larger is not one. */
const DEFAULT_MAX_BODY_BYTES = 8_000_000;
const ACTION = 'CheckVerifyLog';
const VERSION = '2022-08-09';

interface CloudauthClientOptions extends TransportOptions {
  /** Host of the region, with `http://` or `https://` or neither (https). */
  readonly endpoint: string;
  readonly credentials: CredentialsProvider;
  /** Reading stops at this size; a larger body breaks the contract. */
  readonly maxBodyBytes?: number;
}

/** Its call never throws: every response, failure and abort is an outcome. */
export function createCloudauthClient(options: CloudauthClientOptions): CloudauthClient {
  const { credentials: provide, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options;
  const endpoint = parseEndpoint(options.endpoint);
  const transport = createTransport(endpoint, options);

  return {
    async checkVerifyLog({ merchantBizId, transactionId }, { signal } = {}) {
      let credentials: Credentials;
      try {
        credentials = await provide();
      } catch {
        return { kind: 'forbidden', code: 'CREDENTIALS', message: 'there are no credentials to sign with' };
      }
      try {
        const form = { MerchantBizId: merchantBizId, TransactionId: transactionId };
        const signed = signRpc({ host: endpoint.host, action: ACTION, version: VERSION, form }, credentials);
        const response = await transport.send({
          name: ACTION,
          method: 'POST',
          path: '/',
          maxBytes: maxBodyBytes,
          signal,
          ...signed,
        });
        return toOutcome(response, credentials);
      } catch (error) {
        return failureOf(error, signal);
      }
    },
  };
}

function failureOf(error: unknown, signal: AbortSignal | undefined): CheckVerifyLogOutcome {
  if (signal?.aborted) return { kind: 'failed', reason: 'timeout', code: 'ABORTED' };
  if (error instanceof UpstreamTimeoutError) return { kind: 'failed', reason: 'timeout', code: 'TIMEOUT' };
  if (error instanceof UpstreamContractError) return { kind: 'failed', reason: 'contract', code: 'CONTRACT' };
  return { kind: 'failed', reason: 'network', code: 'NETWORK' };
}
