import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A key and tokens to try an HTTP trigger of `authType: jwt` with. In production your identity provider signs the
 * tokens, and its public key goes into s.yaml.
 *   npx tsx deploy/jwt.ts key              makes .idv/jwt-private.pem, prints `n` for vars.authChoices.jwt
 *   npx tsx deploy/jwt.ts token [hours]    prints a token signed with it (8 hours by default)
 */
const KEY_ID = 'idv';
const KEY_FILE = '.idv/jwt-private.pem';
const DEFAULT_HOURS = 8;
const MODULUS_BITS = 2_048;

export interface JsonWebKey {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly alg: 'RS256';
  readonly kid: string;
  readonly e: string;
  readonly n: string;
}

/** The public key as s.yaml takes it. */
export function toJsonWebKey(key: KeyObject): JsonWebKey {
  const { e = '', n = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return { kty: 'RSA', use: 'sig', alg: 'RS256', kid: KEY_ID, e, n };
}

/** A token (RS256) that is valid for `hours` from `nowMs`. */
export function createToken(key: KeyObject, { nowMs, hours }: { nowMs: number; hours: number }): string {
  const nowSeconds = Math.floor(nowMs / 1_000);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID });
  const claims = encode({ sub: 'idv-dropoff', iat: nowSeconds, exp: nowSeconds + Math.round(hours * 3_600) });
  const signature = sign('sha256', Buffer.from(`${header}.${claims}`), key).toString('base64url');
  return `${header}.${claims}.${signature}`;
}

function main([command, hours = String(DEFAULT_HOURS)]: readonly string[]): void {
  if (command === 'key' && existsSync(KEY_FILE)) {
    console.error(`${KEY_FILE} is there already: move it away first`);
    process.exitCode = 1;
  } else if (command === 'key') {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS });
    mkdirSync(dirname(KEY_FILE), { recursive: true });
    writeFileSync(KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    console.log(`n: ${toJsonWebKey(privateKey).n}`);
  } else if (command === 'token' && !existsSync(KEY_FILE)) {
    console.error(`${KEY_FILE} is not there: make a key first`);
    process.exitCode = 1;
  } else if (command === 'token' && Number(hours) > 0) {
    console.log(
      createToken(createPrivateKey(readFileSync(KEY_FILE)), { nowMs: Date.now(), hours: Number(hours) }),
    );
  } else {
    console.error('usage: npx tsx deploy/jwt.ts key | token [hours]');
    process.exitCode = 2;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
