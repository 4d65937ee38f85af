import { setFlagsFromString } from 'node:v8';
import middy from '@middy/core';
import { createCloudauthClient } from '../../shared/cloudauth/client.ts';
import { type Config, loadConfig } from '../../shared/config.ts';
import { createRoleCredentials, type FcContext } from '../../shared/fc/invocation.ts';
import { createLogger } from '../../shared/logger.ts';
import { windowsOf } from '../../shared/logstores/retention.ts';
import type { SweepRow } from '../../shared/logstores/sweeps.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import { SECOND_MS, systemClock } from '../../shared/time.ts';
import { MAX_CALLS_AT_ONCE } from './asker.ts';
import { runSweep } from './run.ts';
import type { RunInput, SweepSettings } from './services.ts';

/**
 * A run holds some 15 MB at a time but allocates many times that, and V8 lets garbage grow to several times
 * the live size before it collects: 170 MB instead of 120 for the same speed. V8 reads this setting at every
 * collection, so it may be set here; an unknown setting is ignored.
 */
setFlagsFromString('--heap-growing-percent=40');

/** Bad settings fail the cold start here, in one error that names them all. */
export const handler = createHandler(loadConfig(process.env));

/**
 * The timer's handler: every invocation is one run, whatever the event says. Returns the report.
 * @throws Error when the run ended in a way that somebody has to act on, after its report was written
 */
function createHandler(config: Config): (event: unknown, context: unknown) => Promise<SweepRow> {
  const role = createRoleCredentials(config.environmentCredentials);
  const credentials = role.provide;
  const timeouts = { connectTimeoutMs: config.callTimeoutMs, readTimeoutMs: config.callTimeoutMs };
  const { slsEndpoint, slsProject: project, cloudauthEndpoint, logLevel: level } = config;
  const services = {
    sls: createSlsClient({ endpoint: slsEndpoint, project, credentials, ...timeouts }),
    cloudauth: createCloudauthClient({
      endpoint: cloudauthEndpoint,
      credentials,
      ...timeouts,
      maxSockets: MAX_CALLS_AT_ONCE,
    }),
    clock: systemClock,
    random: Math.random,
  };
  const settings = settingsOf(config);
  const sweep = (_event: unknown, context: unknown): Promise<SweepRow> => {
    const input = toInput(config, context as FcContext);
    const log = createLogger({ level, fields: { function: 'sweep', requestId: input.runId } });
    return runSweep({ ...services, log }, settings, input);
  };
  // The platform's context has no remaining-time method for middy's own timeout: a run has its deadline.
  const chain = middy<unknown, SweepRow>(sweep, { timeoutEarlyInMillis: 0 }).use({
    before: ({ context }) => role.refresh(context as unknown as FcContext),
  });
  const run = chain as unknown as (event: unknown, context: unknown) => Promise<SweepRow>;
  return async (event, context) => {
    const report = await run(event ?? '', context ?? {});
    if (report.failed === 'true')
      throw new Error(`the run ended as ${report.ended}: ${report.message ?? ''}`);
    return report;
  };
}

function settingsOf(config: Config): SweepSettings {
  return {
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
  };
}

/** How far into the margin writing may go on, and then the report. The rest is left to the platform. */
const WRITING_SHARE = 0.5;
const REPORT_SHARE = 0.8;

/** s.yaml sets this; FC's context has no remaining-time method, only the function's timeout. */
const DEFAULT_TIMEOUT_SECONDS = 600;

function toInput({ runMarginMs, instanceId }: Config, context: FcContext): RunInput {
  const timeout = context.function?.timeout;
  const timeoutMs = (timeout !== undefined && timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS) * SECOND_MS;
  if (runMarginMs >= timeoutMs) {
    throw new Error(
      `RUN_MARGIN_SECONDS leaves nothing of the function's timeout of ${timeoutMs / SECOND_MS} s`,
    );
  }
  const startedAtMs = systemClock.now();
  const endAtMs = startedAtMs + timeoutMs - runMarginMs;
  return {
    runId: context.requestId ?? '',
    consumer: instanceId ?? context.requestId ?? 'sweep',
    startedAtMs,
    endAtMs,
    cutOffAtMs: endAtMs + runMarginMs * WRITING_SHARE,
    reportUntilMs: endAtMs + runMarginMs * REPORT_SHARE,
  };
}
