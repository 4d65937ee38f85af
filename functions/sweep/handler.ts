import middy from '@middy/core';
import type { CloudauthClient } from '../../shared/cloudauth/types.ts';
import type { FcContext, RoleCredentials } from '../../shared/fc/invocation.ts';
import type { Logger } from '../../shared/logger.ts';
import type { SweepRow } from '../../shared/logstores/sweeps.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';
import { runSweep } from './run.ts';
import type { RunInput, SweepSettings } from './services.ts';

export interface HandlerOptions {
  readonly sls: SlsDataPlane;
  readonly cloudauth: CloudauthClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly role: RoleCredentials;
  readonly settings: SweepSettings;
  /** How long before the platform's timeout a run ends. */
  readonly runMarginMs: number;
  /** The instance's name, if the platform gave it one. */
  readonly instanceId: string | undefined;
  readonly loggerFor: (requestId: string) => Logger;
}

/** Of the margin: how long writing may go on in it, and then the report. The rest is the platform's own. */
const WRITING_SHARE = 0.5;
const REPORT_SHARE = 0.8;

/** s.yaml sets this; FC's context has no remaining-time method, only the function's timeout. */
const DEFAULT_TIMEOUT_SECONDS = 600;

/**
 * The timer's handler: every invocation is one run, whatever the event says. Answers the report.
 * @throws Error when the run ended in a way that somebody has to look at, after its report was written
 */
export function createHandler(
  options: HandlerOptions,
): (event: unknown, context: unknown) => Promise<unknown> {
  const { role } = options;
  // The platform's context has no remaining-time method for middy's own timeout: a run has its deadline.
  const chain = middy<unknown, SweepRow>((_event: unknown, context: unknown) => sweep(options, context), {
    timeoutEarlyInMillis: 0,
  }).use({ before: ({ context }) => role.refresh(context as unknown as FcContext) });
  const run = chain as unknown as (event: unknown, context: unknown) => Promise<SweepRow>;
  return async (event, context) => {
    const report = await run(event ?? '', context ?? {});
    if (report.failed === 'true')
      throw new Error(`the run ended as ${report.ended}: ${report.message ?? ''}`);
    return report;
  };
}

async function sweep(options: HandlerOptions, context: unknown): Promise<SweepRow> {
  const { sls, cloudauth, clock, random, settings, loggerFor } = options;
  const input = toInput(options, context as FcContext);
  return runSweep({ sls, cloudauth, clock, random, log: loggerFor(input.runId) }, settings, input);
}

function toInput({ clock, runMarginMs, instanceId }: HandlerOptions, context: FcContext): RunInput {
  const timeout = context.function?.timeout;
  const timeoutMs = (timeout !== undefined && timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS) * SECOND_MS;
  if (runMarginMs >= timeoutMs) {
    throw new Error(
      `RUN_MARGIN_SECONDS leaves nothing of the function's timeout of ${timeoutMs / SECOND_MS} s`,
    );
  }
  const startedAtMs = clock.now();
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
