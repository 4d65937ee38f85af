import { randomBytes } from 'node:crypto';

/** As seen in real answers: 1-<unix seconds>-<8>-<12>, all hex. */
export function newRequestId(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return `1-${seconds}-${randomBytes(4).toString('hex')}-${randomBytes(6).toString('hex')}`;
}

export function newInstanceId(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return `c-${seconds}-${randomBytes(4).toString('hex')}-${randomBytes(6).toString('hex')}`;
}
