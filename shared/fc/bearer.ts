import { createHash, timingSafeEqual } from 'node:crypto';
import { ProblemError } from './response.ts';

export interface BearerOptions {
  readonly mode: 'trigger' | 'bearer';
  /** SHA-256 of each accepted token, hex. Accepting two allows rotation without a gap. */
  readonly tokenSha256: readonly string[];
}

/**
 * Refuses a request without an accepted token, where the trigger itself lets everybody through. Only hashes are known
 * here; all of them are compared, in constant time, so that nothing can be learned from the duration.
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
