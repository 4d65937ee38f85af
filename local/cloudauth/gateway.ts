import { type Acs3Refusal, type NonceMemory, type SignedRequest, verifyAcs3 } from '../http/acs3.ts';
import type { CredentialStore, LocalCredential } from '../sls/src/host.ts';

/**
 * The part of the service that every OpenAPI operation shares: signature, then action and version. Codes and
 * statuses of refusals as the gateway documents them for RPC products
 * (https://help.aliyun.com/document_detail/48054.html, read 2026-11-23).
 */
export interface GatewayRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const SIGNATURE_REFUSALS: Readonly<Record<Acs3Refusal, { status: number; code: string }>> = {
  missing: { status: 400, code: 'MissingAuthorization' },
  malformed: { status: 400, code: 'IncompleteSignature' },
  'unknown-key': { status: 404, code: 'InvalidAccessKeyId.NotFound' },
  mismatch: { status: 400, code: 'SignatureDoesNotMatch' },
  skew: { status: 400, code: 'InvalidTimeStamp.Expired' },
  nonce: { status: 400, code: 'SignatureNonceUsed' },
  token: { status: 400, code: 'InvalidSecurityToken.MismatchWithAccessKey' },
  expired: { status: 400, code: 'InvalidSecurityToken.Expired' },
};

interface GatewayOptions {
  readonly credentials: CredentialStore;
  readonly nonces: NonceMemory;
  readonly nowMs: number;
}

type GatewayResult = { readonly caller: LocalCredential } | { readonly refusal: GatewayRefusal };

const ACTION = 'CheckVerifyLog';
const VERSION = '2022-08-09';

export function passGateway(request: SignedRequest, options: GatewayOptions): GatewayResult {
  const checked = verifyAcs3(request, options);
  if (!checked.ok) {
    return { refusal: { ...SIGNATURE_REFUSALS[checked.refusal], message: checked.detail } };
  }
  if (request.headers['x-acs-version'] !== VERSION || request.headers['x-acs-action'] !== ACTION) {
    return {
      refusal: {
        status: 404,
        code: 'InvalidAction.NotFound',
        message: `Here is only ${ACTION} of version ${VERSION}.`,
      },
    };
  }
  return { caller: checked.caller };
}

/** RPC parameters stand in the query or in a form body. */
export function parametersOf({ target, headers, body }: SignedRequest): URLSearchParams {
  const parameters = new URLSearchParams(target.split('?', 2)[1] ?? '');
  if (String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body.toString('utf8'))) parameters.set(name, value);
  }
  return parameters;
}
