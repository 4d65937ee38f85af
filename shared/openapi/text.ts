import type { Credentials } from '../credentials.ts';

const MAX_MESSAGE_LENGTH = 300;
const MAX_CODE_LENGTH = 128;
/** Answers to a bad signature repeat what was signed, which holds the caller's headers. */
const SIGNED_TEXT = /\b(server )?string to sign\b.*$/is;

/** A server's message fit for a log: bounded, one line, without the signed text or the caller's keys. */
export function safeMessage(raw: unknown, credentials?: Credentials): string {
  if (typeof raw !== 'string') return '';
  let text = raw.slice(0, 4 * MAX_MESSAGE_LENGTH).replace(SIGNED_TEXT, '');
  const { accessKeyId, accessKeySecret, securityToken } = credentials ?? {};
  for (const secret of [accessKeySecret, securityToken, accessKeyId]) {
    if (secret) text = text.replaceAll(secret, '***');
  }
  text = text.replace(/\s+/g, ' ').trim();
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH - 1)}…` : text;
}

/** A return code or a request id as received, or undefined if it is not a short plain text. */
export function safeToken(raw: unknown): string | undefined {
  return typeof raw === 'string' && raw !== '' && raw.length <= MAX_CODE_LENGTH && /^[\x21-\x7e]+$/.test(raw)
    ? raw
    : undefined;
}
