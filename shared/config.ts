import * as z from 'zod/mini';
import { ConfigError } from './errors.ts';
import { LOG_LEVELS } from './logger.ts';
import {
  DEFAULT_DAYS_KEPT,
  MAX_DAYS_KEPT,
  MAX_SOURCE_DAYS,
  obeys,
  RETENTION_RULES,
  type RetentionDays,
  ruleMessage,
} from './logstores/retention.ts';
import { cloudauthEndpoint, findRegion, REGIONS, slsEndpoint } from './regions.ts';
import { DAY_MS, SECOND_MS } from './time.ts';

/**
 * The settings: the only place that reads environment variables or has a default for one. An empty value counts as
 * missing. One error names every bad setting, and never a value.
 */

const number = (min: number, max: number, form: RegExp, message: string) =>
  z.pipe(z.string().check(z.regex(form, message)), z.transform(Number)).check(
    z.refine((value) => (value as number) >= min && (value as number) <= max, {
      error: `must be from ${min} to ${max}`,
    }),
  );
const integer = (min: number, max: number) => number(min, max, /^\d{1,9}$/, 'must be a whole number');
const decimal = (min: number, max: number) => number(min, max, /^\d{1,6}(\.\d{1,6})?$/, 'must be a number');
const name = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'must be a name'));
const endpoint = z
  .string()
  .check(
    z.regex(
      /^(https?:\/\/)?[A-Za-z0-9.-]+(:\d{1,5})?$/,
      'must be a host, with http:// or https:// or neither',
    ),
  );
const sha256List = z
  .string()
  .check(z.regex(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/i, 'must be SHA-256 hashes in hex, comma separated'));

/** Keys that an operator sets; s.yaml holds exactly these. */
export const SETTINGS = {
  SLS_PROJECT: name,
  SLS_ENDPOINT: z.optional(endpoint),
  CLOUDAUTH_ENDPOINT: z.optional(endpoint),
  CLOUDAUTH_NETWORK: z._default(z.enum(['public', 'vpc']), 'public'),
  VERIFY_DELAY_SECONDS: z._default(integer(1, 86_400), 1_800),
  RETENTION_DAYS: z._default(integer(1, MAX_SOURCE_DAYS), DEFAULT_DAYS_KEPT.source),
  PENDING_RETENTION_DAYS: z._default(integer(1, MAX_DAYS_KEPT), DEFAULT_DAYS_KEPT.pending),
  RECORDS_RETENTION_DAYS: z._default(integer(1, MAX_DAYS_KEPT), DEFAULT_DAYS_KEPT.records),
  SWEEPS_RETENTION_DAYS: z._default(integer(1, MAX_DAYS_KEPT), DEFAULT_DAYS_KEPT.sweeps),
  QPS_LIMIT: z.optional(decimal(0.1, 10_000)),
  SWEEP_QPS_SHARE: z._default(decimal(0.01, 1), 0.8),
  NOT_COMPLETED_ATTEMPTS: z._default(integer(1, 100), 4),
  MAX_ATTEMPTS: z._default(integer(1, 100), 8),
  RUN_MARGIN_SECONDS: z._default(integer(1, 600), 30),
  LEASE_SECONDS: z._default(integer(1, 3_600), 60),
  HEARTBEAT_SECONDS: z._default(decimal(0.1, 1_200), 20),
  CALL_TIMEOUT_MS: z._default(integer(50, 120_000), 10_000),
  AUTH: z._default(z.enum(['trigger', 'bearer']), 'trigger'),
  BEARER_TOKEN_SHA256: z.optional(sha256List),
  SWEEP_FUNCTION: z.optional(name),
  INVOKE_ENDPOINT: z.optional(endpoint),
} as const;

/** Keys that the platform sets; an operator cannot. */
const PLATFORM = {
  FC_REGION: z._default(
    z.string().check(z.regex(/^[a-z]{2}(-[a-z0-9]+)+$/, 'must be a region id')),
    'ap-southeast-1',
  ),
  FC_ACCOUNT_ID: z.optional(z.string()),
  FC_INSTANCE_ID: z.optional(z.string()),
  ALIYUN_FC_LOG_LEVEL: z._default(z.enum(LOG_LEVELS), 'info'),
  ALIBABA_CLOUD_ACCESS_KEY_ID: z.optional(z.string()),
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: z.optional(z.string()),
  ALIBABA_CLOUD_SECURITY_TOKEN: z.optional(z.string()),
} as const;

/** The settings that say how long things are kept. */
const DAYS_KEPT = {
  source: 'RETENTION_DAYS',
  pending: 'PENDING_RETENTION_DAYS',
  records: 'RECORDS_RETENTION_DAYS',
  sweeps: 'SWEEPS_RETENTION_DAYS',
} as const;

function daysKept(env: Readonly<Record<(typeof DAYS_KEPT)[keyof RetentionDays], number>>): RetentionDays {
  return {
    source: env[DAYS_KEPT.source],
    pending: env[DAYS_KEPT.pending],
    records: env[DAYS_KEPT.records],
    sweeps: env[DAYS_KEPT.sweeps],
  };
}

const knownRegion = (region: unknown) => typeof region === 'string' && findRegion(region) !== undefined;

/** Rules over two keys are checked even when other keys are bad, so that one start names everything. */
const always = { when: () => true };
const fields = z.object({ ...SETTINGS, ...PLATFORM });
const schema = fields.check(
  z.refine((env) => !(env.HEARTBEAT_SECONDS >= env.LEASE_SECONDS), {
    ...always,
    error: 'must be below LEASE_SECONDS, or every lease would lapse between two heartbeats',
    path: ['HEARTBEAT_SECONDS'],
  }),
  z.refine((env) => env.QPS_LIMIT !== undefined || knownRegion(env.FC_REGION), {
    ...always,
    error: 'must be set: the quota of this region is not known',
    path: ['QPS_LIMIT'],
  }),
  z.refine((env) => env.CLOUDAUTH_ENDPOINT !== undefined || knownRegion(env.FC_REGION), {
    ...always,
    error: `must be set: ID Verification is known in ${REGIONS.map(({ region }) => region).join(', ')} only`,
    path: ['CLOUDAUTH_ENDPOINT'],
  }),
  ...RETENTION_RULES.map((rule) =>
    z.refine<z.output<typeof fields>>((env) => obeys(rule, daysKept(env)), {
      ...always,
      error: ruleMessage(rule, DAYS_KEPT),
      path: [DAYS_KEPT[rule.field]],
    }),
  ),
);

export type Config = Readonly<ReturnType<typeof toConfig>>;

/** @throws ConfigError naming every bad key. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const key = issue.path.join('.');
        return {
          path: key,
          message: given[key] === undefined && issue.code === 'invalid_type' ? 'is required' : issue.message,
        };
      }),
    );
  }
  return Object.freeze(toConfig(parsed.data));
}

function toConfig(env: z.output<typeof schema>) {
  const region = env.FC_REGION;
  const network = env.CLOUDAUTH_NETWORK;
  return {
    region,
    accountId: env.FC_ACCOUNT_ID,
    instanceId: env.FC_INSTANCE_ID,
    logLevel: env.ALIYUN_FC_LOG_LEVEL,
    slsProject: env.SLS_PROJECT,
    /** Host of the region's SLS, with a scheme when it is not https. */
    slsEndpoint: env.SLS_ENDPOINT ?? slsEndpoint(region, network),
    cloudauthEndpoint: env.CLOUDAUTH_ENDPOINT ?? cloudauthEndpoint(region, network),
    verifyDelayMs: env.VERIFY_DELAY_SECONDS * SECOND_MS,
    /** How long the service keeps a session's log. */
    retentionMs: env.RETENTION_DAYS * DAY_MS,
    /** How long SLS keeps the rows of each logstore, and the service a session's log. */
    daysKept: daysKept(env),
    // The schema requires one of the two.
    qpsLimit: (env.QPS_LIMIT ?? findRegion(region)?.qpsLimit) as number,
    sweepQpsShare: env.SWEEP_QPS_SHARE,
    notCompletedAttempts: env.NOT_COMPLETED_ATTEMPTS,
    maxAttempts: env.MAX_ATTEMPTS,
    runMarginMs: env.RUN_MARGIN_SECONDS * SECOND_MS,
    leaseMs: env.LEASE_SECONDS * SECOND_MS,
    heartbeatMs: env.HEARTBEAT_SECONDS * SECOND_MS,
    callTimeoutMs: env.CALL_TIMEOUT_MS,
    auth: env.AUTH,
    /** Lower-case hex, possibly none. */
    bearerTokenSha256: env.BEARER_TOKEN_SHA256?.toLowerCase().split(',') ?? [],
    sweepFunction: env.SWEEP_FUNCTION,
    invokeEndpoint: env.INVOKE_ENDPOINT,
    /** The instance's own keys: older than the context's, used only when the context has none. */
    environmentCredentials: {
      accessKeyId: env.ALIBABA_CLOUD_ACCESS_KEY_ID,
      accessKeySecret: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
      securityToken: env.ALIBABA_CLOUD_SECURITY_TOKEN,
    },
  };
}
