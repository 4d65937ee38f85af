import { createHash, createHmac } from 'node:crypto';

/**
 * Says whether a request may pass a trigger with `authType: function`; written from
 * https://help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers and
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature (read 2026-11-23).
 * The examples there leave the body's hash empty.
 */
export function acs3TriggerProblem(
  request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  },
  secret: string,
): string | undefined {
  const { authorization = '', 'x-acs-date': date = '' } = request.headers;
  const [, signed = '', signature] =
    /^ACS3-HMAC-SHA256 Credential=[^,]+,SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (signature === undefined) return 'no signature';
  if (Math.abs(Date.parse(date) - Date.now()) > 900_000) return 'the date is wrong';
  const names = signed.split(';');
  if (!names.includes('x-acs-date')) return 'the date is not signed';
  const canonical = [
    request.method,
    request.path,
    '',
    ...names.map((name) => `${name}:${request.headers[name]?.trim()}`),
    '',
    signed,
    '',
  ].join('\n');
  const toSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  return createHmac('sha256', secret).update(toSign).digest('hex') === signature
    ? undefined
    : 'the signature is wrong';
}
