import { randomUUID } from 'node:crypto';
import type { Credentials } from '../credentials.ts';
import { OpenApiUtil, signAcs3, USER_AGENT } from '../openapi/core.ts';

interface RpcCall {
  readonly host: string;
  readonly action: string;
  readonly version: string;
  readonly form: Readonly<Record<string, string>>;
}

interface SignedCall {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * One RPC call as the official core's generic call sends it: the same headers in the same order, with form encoding,
 * hash and signature by that core. A test sends both and compares. A request is valid for 15 minutes.
 */
export function signRpc({ host, action, version, form }: RpcCall, credentials: Credentials): SignedCall {
  const body = OpenApiUtil.toForm(form);
  const headers = {
    host,
    'x-acs-version': version,
    'x-acs-action': action,
    'user-agent': USER_AGENT,
    'x-acs-date': OpenApiUtil.getTimestamp(),
    // The core's own nonce has only 10^12 values and asks the system for the host's name each time.
    'x-acs-signature-nonce': randomUUID().replaceAll('-', ''),
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  return { headers: signAcs3({ pathname: '/', headers, body: Buffer.from(body) }, credentials), body };
}
