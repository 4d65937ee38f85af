import { type Acs3Refusals, type NonceMemory, type SignedRequest, verifyAcs3 } from '../http/acs3.ts';
import { Refused, splitTarget } from '../http/listen.ts';
import type { CredentialStore, LocalCredential } from '../sls/src/host.ts';

/**
 * The part of the service that all OpenAPI operations share: signature, then action and version. Codes and
 * statuses as the gateway documents them for RPC products
 * (https://help.aliyun.com/document_detail/48054.html, read 2026-11-23).
 */
const REFUSALS: Acs3Refusals = {
  missing: [400, 'MissingAuthorization'],
  malformed: [400, 'IncompleteSignature'],
  'unknown-key': [404, 'InvalidAccessKeyId.NotFound'],
  mismatch: [400, 'SignatureDoesNotMatch'],
  skew: [400, 'InvalidTimeStamp.Expired'],
  nonce: [400, 'SignatureNonceUsed'],
  token: [400, 'InvalidSecurityToken.MismatchWithAccessKey'],
  expired: [400, 'InvalidSecurityToken.Expired'],
};

interface GatewayOptions {
  readonly credentials: CredentialStore;
  readonly nonces: NonceMemory;
  readonly nowMs: number;
}

const ACTION = 'CheckVerifyLog';
const VERSION = '2022-08-09';

/** Returns the caller. @throws Refused */
export function passGateway(request: SignedRequest, options: GatewayOptions): LocalCredential {
  const caller = verifyAcs3(request, { ...options, refusals: REFUSALS });
  if (request.headers['x-acs-version'] !== VERSION || request.headers['x-acs-action'] !== ACTION) {
    throw new Refused(404, 'InvalidAction.NotFound', `Only ${ACTION} of version ${VERSION} is served here.`);
  }
  return caller;
}

/** RPC parameters come in the query or in a form body. */
export function parametersOf({ target, headers, body }: SignedRequest): URLSearchParams {
  const parameters = new URLSearchParams(splitTarget(target)[1]);
  if (String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body.toString('utf8'))) parameters.set(name, value);
  }
  return parameters;
}
