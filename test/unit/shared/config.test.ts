import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../shared/config.ts';
import { ConfigError } from '../../../shared/errors.ts';
import { REGIONS } from '../../../shared/regions.ts';

const least = { SLS_PROJECT: 'idv-test' };

function issuesOf(env: Record<string, string | undefined>): Record<string, string> {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.issues.map(({ path, message }) => [path, message]));
  }
  return {};
}

describe('loadConfig', () => {
  it('needs nothing but the project and fills in the documented defaults', () => {
    expect(loadConfig(least)).toMatchObject({
      region: 'ap-southeast-1',
      slsEndpoint: 'ap-southeast-1.log.aliyuncs.com',
      cloudauthEndpoint: 'cloudauth-intl.ap-southeast-1.aliyuncs.com',
      verifyDelayMs: 1_800_000,
      retentionMs: 2_592_000_000,
      daysKept: { source: 30, pending: 45, records: 180, sweeps: 90 },
      qpsLimit: 10,
      sweepQpsShare: 0.8,
      notCompletedAttempts: 4,
      maxAttempts: 8,
      runMarginMs: 30_000,
      leaseMs: 60_000,
      heartbeatMs: 20_000,
      callTimeoutMs: 10_000,
      auth: 'trigger',
      bearerTokenSha256: [],
    });
  });

  it.each([
    ['ap-southeast-1', 10],
    ['cn-hongkong', 10],
    ['ap-southeast-5', 3],
    ['ap-southeast-3', 3],
  ])('knows the quota of %s', (region, qps) => {
    expect(loadConfig({ ...least, FC_REGION: region }).qpsLimit).toBe(qps);
    expect(REGIONS.map((one) => one.region)).toContain(region);
  });

  it('reaches both services over the internal network when told to', () => {
    expect(loadConfig({ ...least, CLOUDAUTH_NETWORK: 'vpc' })).toMatchObject({
      cloudauthEndpoint: 'cloudauth-intl-vpc.ap-southeast-1.aliyuncs.com',
      slsEndpoint: 'ap-southeast-1-intranet.log.aliyuncs.com',
    });
  });

  it('takes an empty value as missing', () => {
    expect(loadConfig({ ...least, QPS_LIMIT: '', AUTH: '' })).toMatchObject({
      qpsLimit: 10,
      auth: 'trigger',
    });
    expect(issuesOf({ SLS_PROJECT: '' })).toEqual({ SLS_PROJECT: 'is required' });
  });

  it.each([
    ['QPS_LIMIT', '00.00'],
    ['QPS_LIMIT', '1e9'],
    ['SWEEP_QPS_SHARE', '1.1'],
    ['VERIFY_DELAY_SECONDS', '-1'],
    ['VERIFY_DELAY_SECONDS', '30m'],
    ['RETENTION_DAYS', '0'],
    ['PENDING_RETENTION_DAYS', '4000'],
    ['RECORDS_RETENTION_DAYS', '9999'],
    ['SWEEPS_RETENTION_DAYS', '-90'],
    ['MAX_ATTEMPTS', '1.5'],
    ['AUTH', 'none'],
    ['CLOUDAUTH_NETWORK', 'private'],
    ['SLS_ENDPOINT', 'https://host/path'],
    ['SLS_PROJECT', 'a b'],
    ['BEARER_TOKEN_SHA256', 'secret'],
    ['ALIYUN_FC_LOG_LEVEL', 'loud'],
  ])('refuses %s=%s and names the key, never the value', (key, value) => {
    const issues = issuesOf({ ...least, [key]: value });
    expect(Object.keys(issues)).toEqual([key]);
    expect(issues[key]).not.toContain(value);
  });

  it('names all bad keys at once, rules over two keys included', () => {
    const issues = issuesOf({ QPS_LIMIT: 'x', AUTH: 'y', LEASE_SECONDS: '10', HEARTBEAT_SECONDS: '10' });
    expect(Object.keys(issues).sort()).toEqual(['AUTH', 'HEARTBEAT_SECONDS', 'QPS_LIMIT', 'SLS_PROJECT']);
  });

  it('needs a quota and an endpoint for a region it does not know', () => {
    expect(Object.keys(issuesOf({ ...least, FC_REGION: 'xx-nowhere-1' })).sort()).toEqual([
      'CLOUDAUTH_ENDPOINT',
      'QPS_LIMIT',
    ]);
    const given = {
      ...least,
      FC_REGION: 'xx-nowhere-1',
      QPS_LIMIT: '2.5',
      CLOUDAUTH_ENDPOINT: 'https://idv.test',
    };
    expect(loadConfig(given)).toMatchObject({ qpsLimit: 2.5, cloudauthEndpoint: 'https://idv.test' });
  });

  it('reads token hashes in any case, several at once', () => {
    const [one, two] = ['A'.repeat(64), 'b'.repeat(64)];
    expect(loadConfig({ ...least, BEARER_TOKEN_SHA256: `${one},${two}` }).bearerTokenSha256).toEqual([
      'a'.repeat(64),
      two,
    ]);
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(loadConfig(least))).toBe(true);
  });
});
