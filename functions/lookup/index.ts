import { createCloudauthClient } from '../../shared/cloudauth/client.ts';
import { type Config, loadConfig } from '../../shared/config.ts';
import { createRoleCredentials } from '../../shared/fc/invocation.ts';
import { createInvoker } from '../../shared/fc/invoke.ts';
import { ProblemError } from '../../shared/fc/response.ts';
import { createLogger } from '../../shared/logger.ts';
import { windowsOf } from '../../shared/logstores/retention.ts';
import { Pacer } from '../../shared/pace.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import { systemClock } from '../../shared/time.ts';
import { createHandler } from './app.ts';
import type { LookupServices } from './request.ts';

/** With SWEEP_QPS_SHARE at 1 the sweep may use the whole quota; some lookups are still made. */
const MIN_QPS_SHARE = 0.05;

function wire(config: Config): LookupServices {
  const { region, callTimeoutMs, verifyDelayMs, qpsLimit } = config;
  const timeouts = { connectTimeoutMs: callTimeoutMs, readTimeoutMs: callTimeoutMs };
  const role = createRoleCredentials(config.environmentCredentials);
  const credentials = role.provide;
  return {
    auth: { mode: config.auth, tokenSha256: config.bearerTokenSha256 },
    settings: { region, verifyDelayMs, callTimeoutMs, windows: windowsOf(config.daysKept) },
    logger: createLogger({ level: config.logLevel, fields: { function: 'lookup' } }),
    clock: systemClock,
    random: Math.random,
    role,
    sls: createSlsClient({
      endpoint: config.slsEndpoint,
      project: config.slsProject,
      credentials,
      ...timeouts,
    }),
    cloudauth: createCloudauthClient({ endpoint: config.cloudauthEndpoint, credentials, ...timeouts }),
    pacer: new Pacer({
      ratePerSecond: qpsLimit * Math.max(1 - config.sweepQpsShare, MIN_QPS_SHARE),
      limitPerSecond: qpsLimit,
      clock: systemClock,
    }),
    ...wireSweep(config, credentials),
  };
}

function wireSweep(
  { sweepFunction, region, invokeEndpoint, callTimeoutMs, ...config }: Config,
  credentials: LookupServices['role']['provide'],
): Pick<LookupServices, 'startSweep'> {
  if (sweepFunction === undefined) return {};
  return {
    startSweep: (contextAccountId, signal) => {
      const accountId = config.accountId ?? contextAccountId;
      if (accountId === undefined) {
        throw new ProblemError('SWEEP_NOT_CONFIGURED', 'The platform did not name the account.');
      }
      const invoke = createInvoker({
        accountId,
        region,
        endpoint: invokeEndpoint,
        timeoutMs: callTimeoutMs,
        credentials,
      });
      return invoke(sweepFunction, JSON.stringify({ triggerName: 'manual', payload: '' }), signal);
    },
  };
}

/** Bad settings fail the cold start here, in one error that names them all. */
export const handler = createHandler(wire(loadConfig(process.env)));
