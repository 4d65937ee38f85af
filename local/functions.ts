import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, SETTINGS } from '../shared/config.ts';
import { LOCAL_PROJECT } from './credentials.ts';
import type { FunctionSpec } from './fc/spec.ts';

/** What `npm run build` makes. */
export const DIST_DIR = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that name places: values from the environment would lead out of the local cloud. */
const OWN_SETTINGS = [
  'SLS_PROJECT',
  'SLS_ENDPOINT',
  'CLOUDAUTH_ENDPOINT',
  'CLOUDAUTH_NETWORK',
  'INVOKE_ENDPOINT',
  'SWEEP_FUNCTION',
];

/** The functions' settings: the environment's, except those that name places. */
export function settingsFrom(env: Environment): Record<string, string> {
  const names = [...Object.keys(SETTINGS), 'ALIYUN_FC_LOG_LEVEL'].filter(
    (name) => !OWN_SETTINGS.includes(name),
  );
  const given = names.flatMap((name) => {
    const value = env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(given), SLS_PROJECT: LOCAL_PROJECT, SWEEP_FUNCTION: 'sweep' };
}

/** For our own calls of the HTTP API: with AUTH=bearer, a token for this run, accepted besides the configured ones. */
export function apiAccess(config: Config): { headers: Record<string, string>; env: Record<string, string> } {
  if (config.auth !== 'bearer') return { headers: {}, env: {} };
  const token = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(token).digest('hex');
  return {
    headers: { authorization: `Bearer ${token}` },
    env: { BEARER_TOKEN_SHA256: [...config.bearerTokenSha256, hash].join(',') },
  };
}

/**
 * Both functions as s.yaml deploys them.
 * @throws Error when they are not built
 */
export function functionSpecs(env: () => Record<string, string>): FunctionSpec[] {
  for (const name of ['lookup', 'sweep']) {
    if (!existsSync(join(DIST_DIR, name, 'index.js'))) {
      throw new Error(`dist/${name}/index.js does not exist: run npm run build`);
    }
  }
  return [
    {
      name: 'lookup',
      codeDir: join(DIST_DIR, 'lookup'),
      handler: 'index.handler',
      timeoutSeconds: 60,
      memoryMb: 256,
      httpTrigger: true,
      env,
    },
    {
      name: 'sweep',
      codeDir: join(DIST_DIR, 'sweep'),
      handler: 'index.handler',
      timeoutSeconds: 600,
      memoryMb: 512,
      reservedConcurrency: 1,
      timer: { triggerName: 'sweep', cronExpression: '@every 5m' },
      asyncInvoke: { maxAsyncRetryAttempts: 0, maxAsyncEventAgeInSeconds: 300 },
      env,
    },
  ];
}
