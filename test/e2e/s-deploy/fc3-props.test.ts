import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOCAL_ACCOUNT_ID } from '../../../local/credentials.ts';
import { DIST_DIR } from '../../../local/functions.ts';
import { loadConfig } from '../../../shared/config.ts';
import { RecordingServer } from '../../support/recording-server.ts';
import { World } from '../../support/world.ts';
import { type Recorded, Workspace } from './workspace.ts';

/**
 * What s.yaml gives to the component fc3, for each way to choose, against the rules of that component (0.1.22,
 * src/schema.json, read 2026-11-23) and of the service that we rely on.
 */
const HASH = 'a'.repeat(64);
const TRUST = readFileSync(new URL('../../../deploy/policies/trust.json', import.meta.url), 'utf8');
const ROOT = resolve(import.meta.dirname, '../../..');

interface Trigger {
  triggerName: string;
  triggerType: string;
  triggerConfig: Record<string, unknown>;
}
interface Props {
  functionName: string;
  region: string;
  runtime: string;
  handler: string;
  code: string;
  role: string;
  cpu: number;
  memorySize: number;
  diskSize: number;
  timeout: number;
  internetAccess: boolean;
  vpcConfig?: { vpcId: string; vSwitchIds: string[]; securityGroupId: string };
  logConfig: Record<string, unknown>;
  environmentVariables: Record<string, string>;
  triggers: Trigger[];
}

let world: World;
let ram: RecordingServer;
beforeAll(async () => {
  world = await World.open({ provisioned: false });
  ram = await new RecordingServer().listen();
  ram.always(200, JSON.stringify({ Role: { AssumeRolePolicyDocument: TRUST } }), {
    'content-type': 'application/json',
  });
});
afterAll(async () => {
  await world.close();
  await ram.close();
});

const choose = (key: 'auth' | 'network', alias: string) => (yaml: string) => {
  const chosen = yaml.replace(new RegExp(`^  ${key}: \\*\\w+`, 'm'), `  ${key}: *${alias}`);
  if (!chosen.includes(`  ${key}: *${alias}`)) throw new Error(`s.yaml has no ${key} to choose`);
  return chosen;
};
const withTokens = (yaml: string) => yaml.replace('bearerTokenSha256: ""', `bearerTokenSha256: ${HASH}`);

const withKey = (yaml: string) => yaml.replace(/n: put-the-modulus\S*/, 'n: AQID');

async function deployed(edit: (yaml: string) => string): Promise<{ lookup: Props; sweep: Props }> {
  const workspace = new Workspace({ sls: world.sls.url, ram: ram.url }, edit);
  try {
    const { code, output } = await workspace.run(['deploy', '-y']);
    if (code !== 0) throw new Error(output);
    const records: Recorded[] = workspace.takeRecords();
    const [lookup, sweep] = records.map(({ props }) => props as unknown as Props);
    if (lookup === undefined || sweep === undefined)
      throw new Error('fewer than two functions were deployed');
    return { lookup, sweep };
  } finally {
    workspace.remove();
  }
}

const CHOICES: ReadonlyArray<readonly [string, (yaml: string) => string]> = [
  ['signature, public', (yaml) => yaml],
  ['bearer, public', (yaml) => withTokens(choose('auth', 'bearer')(yaml))],
  ['jwt, vpc', (yaml) => withKey(choose('network', 'vpc')(choose('auth', 'jwt')(yaml)))],
];

describe.each(CHOICES)('with %s', (name, edit) => {
  let functions: { lookup: Props; sweep: Props };
  beforeAll(async () => {
    functions = await deployed(edit);
  });
  const each = (check: (props: Props) => void) => {
    check(functions.lookup);
    check(functions.sweep);
  };

  it('what the component requires is there', () => {
    each((props) => {
      expect(props).toMatchObject({
        functionName: expect.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        region: 'ap-southeast-1',
        runtime: 'nodejs20',
        handler: 'index.handler',
        role: 'idv-dropoff',
      });
    });
  });

  it('sizes are ones that Function Compute has', () => {
    each(({ cpu, memorySize, diskSize, timeout }) => {
      expect(memorySize % 64).toBe(0);
      expect(memorySize).toBeGreaterThanOrEqual(128);
      expect(memorySize).toBeLessThanOrEqual(32_768);
      expect(Math.round(cpu * 100) % 5).toBe(0);
      // vCPU : GB from 1:1 to 1:4.
      const gigabytesPerCpu = memorySize / 1_024 / cpu;
      expect(gigabytesPerCpu).toBeGreaterThanOrEqual(1);
      expect(gigabytesPerCpu).toBeLessThanOrEqual(4);
      expect([512, 10_240]).toContain(diskSize);
      expect(timeout).toBeLessThanOrEqual(86_400);
    });
    expect([functions.lookup.timeout, functions.sweep.timeout]).toEqual([60, 600]);
  });

  it('every environment variable is text, none is reserved, all fit', () => {
    each(({ environmentVariables }) => {
      for (const [key, value] of Object.entries(environmentVariables)) {
        expect(key).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
        expect(key).not.toMatch(/^FC_/);
        expect(typeof value).toBe('string');
      }
      expect(JSON.stringify(environmentVariables).length).toBeLessThan(4_096);
    });
  });

  it('the functions start with these settings', () => {
    each(({ environmentVariables, region }) => {
      const config = loadConfig({ ...environmentVariables, FC_REGION: region });
      expect(config).toMatchObject({
        slsProject: `idv-${LOCAL_ACCOUNT_ID}-ap-southeast-1`,
        auth: name.startsWith('bearer') ? 'bearer' : 'trigger',
        bearerTokenSha256: name.startsWith('bearer') ? [HASH] : [],
        slsEndpoint: name.endsWith('vpc')
          ? 'ap-southeast-1-intranet.log.aliyuncs.com'
          : 'ap-southeast-1.log.aliyuncs.com',
        cloudauthEndpoint: name.endsWith('vpc')
          ? 'cloudauth-intl-vpc.ap-southeast-1.aliyuncs.com'
          : 'cloudauth-intl.ap-southeast-1.aliyuncs.com',
        sweepFunction: functions.sweep.functionName,
        verifyDelayMs: 1_800_000,
        retentionMs: 30 * 86_400_000,
        daysKept: { source: 30, pending: 45, records: 180, sweeps: 90 },
        sweepQpsShare: 0.8,
        qpsLimit: 10,
        leaseMs: 60_000,
        logLevel: 'info',
      });
    });
  });

  it('logs go into our project, line by line', () => {
    each(({ logConfig }) => {
      expect(logConfig).toEqual({
        project: `idv-${LOCAL_ACCOUNT_ID}-ap-southeast-1`,
        logstore: 'idv-functions',
        logBeginRule: 'None',
        enableRequestMetrics: true,
        enableInstanceMetrics: true,
      });
    });
  });

  it('the network is the one chosen', () => {
    each(({ internetAccess, vpcConfig }) => {
      expect(internetAccess).toBe(!name.endsWith('vpc'));
      if (name.endsWith('vpc')) {
        expect(vpcConfig).toEqual({
          vpcId: expect.any(String),
          vSwitchIds: [expect.any(String)],
          securityGroupId: expect.any(String),
        });
      } else expect(vpcConfig).toBeUndefined();
    });
  });

  it('lookup answers HTTP calls of those who are let in', () => {
    const [trigger, ...others] = functions.lookup.triggers;
    expect(others).toEqual([]);
    expect(trigger).toMatchObject({ triggerName: 'http', triggerType: 'http' });
    const { authType, methods, authConfig } = trigger?.triggerConfig ?? {};
    const type = { signature: 'function', bearer: 'anonymous', jwt: 'jwt' }[name.split(',')[0] ?? ''];
    expect(authType).toBe(type);
    expect(methods).toEqual(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);
    if (type !== 'jwt') return expect(authConfig).toBeUndefined();
    expect(authConfig).toEqual({
      tokenLookup: 'header:Authorization:Bearer',
      jwks: {
        keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'idv', e: 'AQAB', n: expect.any(String) }],
      },
    });
  });

  it('the sweep runs by the clock, alone, and is not repeated', () => {
    expect(functions.sweep).toMatchObject({
      concurrencyConfig: { reservedConcurrency: 1 },
      asyncInvokeConfig: { maxAsyncRetryAttempts: 0, maxAsyncEventAgeInSeconds: 300 },
      triggers: [
        {
          triggerName: 'timer',
          triggerType: 'timer',
          triggerConfig: { cronExpression: '@every 5m', enable: true, payload: '' },
        },
      ],
    });
  });

  it('what is deployed is what npm start runs, in under 5 MB', () => {
    for (const [name, { code }] of Object.entries(functions)) {
      expect(resolve(ROOT, code)).toBe(join(DIST_DIR, name));
      const bundle = resolve(ROOT, code, 'index.js');
      expect(existsSync(bundle)).toBe(true);
      expect(statSync(bundle).size).toBeLessThan(5_000_000);
    }
  });
});

describe('what may not be deployed', () => {
  it.each([
    ['an open trigger without tokens', choose('auth', 'bearer'), /bearerTokenSha256 is empty/],
    [
      'an open trigger that nobody checks',
      (yaml: string) => yaml.replace('authType: function', 'authType: anonymous'),
      /anybody could call the function/,
    ],
    ['a jwt trigger without a key', choose('auth', 'jwt'), /still has no public key/],
    ['no role', (yaml: string) => yaml.replace(/^ {2}role: .*$/m, "  role: ''"), /vars\.role is empty/],
  ])('%s', async (_what, edit, expected) => {
    await expect(deployed(edit)).rejects.toThrow(expected);
  });

  it('a region without ID Verification', async () => {
    const workspace = new Workspace({ sls: "''", ram: ram.url });
    try {
      const { code, output } = await workspace.run(['deploy', '-y'], { IDV_REGION: 'us-east-1' });
      expect(code).not.toBe(0);
      expect(output).toContain(
        'ID Verification is not offered in region "us-east-1": set vars.region to one of',
      );
      expect(workspace.takeRecords()).toEqual([]);
    } finally {
      workspace.remove();
    }
  });

  it('properties that s verify can tell to be wrong', async () => {
    const workspace = new Workspace({ sls: world.sls.url, ram: ram.url }, (yaml) =>
      yaml.replace(/^ {6}leaseSeconds: .*$/m, '      leaseSeconds: soon'),
    );
    try {
      expect((await workspace.run(['verify'])).code).not.toBe(0);
    } finally {
      workspace.remove();
    }
  });
});
