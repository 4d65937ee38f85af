import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createToken, toJsonWebKey } from '../../../deploy/jwt.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs');

/** As a gateway checks it: the key from the JWKS, the signature over the first two parts (RFC 7515). */
function claimsOf(token: string, key: object): { iat: number; exp: number } | undefined {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  const isGood = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  );
  return isGood
    ? (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iat: number; exp: number })
    : undefined;
}

describe('the JWT example', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

  it('signs what the key in s.yaml verifies, and for as long as asked', () => {
    const token = createToken(privateKey, { nowMs: 1_700_000_000_000, hours: 2 });
    expect(claimsOf(token, toJsonWebKey(publicKey))).toMatchObject({
      iat: 1_700_000_000,
      exp: 1_700_007_200,
    });
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(claimsOf(token, toJsonWebKey(other.publicKey))).toBeUndefined();
  });

  it('gives out the public half only', () => {
    expect(Object.keys(toJsonWebKey(privateKey)).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('works as the command that the README shows', () => {
    const dir = mkdtempSync(join(tmpdir(), 'idv-jwt-'));
    const jwt = (...args: string[]) =>
      execFileSync(process.execPath, [TSX, join(ROOT, 'deploy/jwt.ts'), ...args], {
        cwd: dir,
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim();
    try {
      expect(() => jwt('token')).toThrow(/make a key first/);
      const line = jwt('key');
      const [, n = ''] = /^n: ([\w-]+)$/.exec(line) ?? [];
      expect(statSync(join(dir, '.idv/jwt-private.pem')).mode & 0o777).toBe(0o600);
      expect(claimsOf(jwt('token'), { kty: 'RSA', e: 'AQAB', n })).toBeDefined();
      // A key in use is not written over.
      expect(() => jwt('key')).toThrow(/is there already/);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
