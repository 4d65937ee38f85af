import { createHash, timingSafeEqual } from 'node:crypto';
import { ProblemError } from './response.ts';

export interface BearerOptions {
  readonly mode: 'trigger' | 'bearer';
  /** SHA-256 of each accepted token, hex. Two at once let a token be rotated without a gap. */
  readonly tokenSha256: readonly string[];
}

/**
 * Refuses a request without an accepted token when the trigger lets everybody through. Only hashes are known
 * here; every one of them is compared, in constant time, so that nothing can be learned from how long it took.
 * @throws ProblemError UNAUTHORIZED
 */
export function createBearerCheck({
  mode,
  tokenSha256,
}: BearerOptions): (authorization: string | undefined) => void {
  if (mode === 'trigger') return () => {};
  const accepted = tokenSha256.map((hash) => Buffer.from(hash, 'hex'));
  return (authorization) => {
    const token = /^bearer +([^\s,]{1,1024})$/i.exec(authorization ?? '')?.[1];
    const presented = createHash('sha256')
      .update(token ?? '', 'utf8')
      .digest();
    let matches = 0;
    for (const hash of accepted) matches += timingSafeEqual(hash, presented) ? 1 : 0;
    if (token === undefined || matches === 0) {
      throw new ProblemError('UNAUTHORIZED', 'Send an accepted token as "Authorization: Bearer <token>".', {
        headers: { 'www-authenticate': 'Bearer realm="idv-dropoff"' },
      });
    }
  };
}
