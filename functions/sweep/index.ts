import { setFlagsFromString } from 'node:v8';
import { createCloudauthClient } from '../../shared/cloudauth/client.ts';
import { type Config, loadConfig } from '../../shared/config.ts';
import { createRoleCredentials } from '../../shared/fc/invocation.ts';
import { createLogger } from '../../shared/logger.ts';
import { windowsOf } from '../../shared/logstores/retention.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import { systemClock } from '../../shared/time.ts';
import { MAX_CALLS_AT_ONCE } from './asker.ts';
import { createHandler, type HandlerOptions } from './handler.ts';

function wire(config: Config): HandlerOptions {
  const role = createRoleCredentials(config.environmentCredentials);
  const credentials = role.provide;
  const timeouts = { connectTimeoutMs: config.callTimeoutMs, readTimeoutMs: config.callTimeoutMs };
  return {
    sls: createSlsClient({
      endpoint: config.slsEndpoint,
      project: config.slsProject,
      credentials,
      ...timeouts,
    }),
    cloudauth: createCloudauthClient({
      endpoint: config.cloudauthEndpoint,
      credentials,
      ...timeouts,
      maxSockets: MAX_CALLS_AT_ONCE,
    }),
    clock: systemClock,
    random: Math.random,
    role,
    settings: {
      region: config.region,
      verifyDelayMs: config.verifyDelayMs,
      retentionMs: config.retentionMs,
      windows: windowsOf(config.daysKept),
      notCompletedAttempts: config.notCompletedAttempts,
      maxAttempts: config.maxAttempts,
      leaseMs: config.leaseMs,
      heartbeatMs: config.heartbeatMs,
      pacePerSecond: config.qpsLimit * config.sweepQpsShare,
      limitPerSecond: config.qpsLimit,
    },
    runMarginMs: config.runMarginMs,
    instanceId: config.instanceId,
    loggerFor: (requestId) =>
      createLogger({ level: config.logLevel, fields: { function: 'sweep', requestId } }),
  };
}

/**
 * A run holds some 15 MB at a time but makes many times that in passing, and V8 lets garbage grow to several times
 * what is held before it looks: 170 MB instead of 120 for the same speed. It reads this setting at every
 * collection, so it may be set here; where it is not known nothing happens.
 */
setFlagsFromString('--heap-growing-percent=40');

/** Bad settings end the cold start here, with all of them named. */
export const handler = createHandler(wire(loadConfig(process.env)));
