/** A function as s.yaml would describe it, as far as the local FC acts on it. */
export interface FunctionSpec {
  readonly name: string;
  readonly codeDir: string;
  /** `file.method`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** A function is called at each cold start, so it may name services that start later. */
  readonly env: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Instances reserved for this function, which it cannot exceed; by default it shares the account's. */
  readonly reservedConcurrency?: number;
  /** Whether it serves the trigger URL (`/`); at most one function does. */
  readonly httpTrigger?: boolean;
  readonly timer?: TimerSpec;
  readonly asyncInvoke?: AsyncInvokeSpec;
}

interface TimerSpec {
  readonly triggerName: string;
  /** `@every 5m`; cron expressions are not read here. */
  readonly cronExpression: string;
  readonly payload?: string;
}

/** FC's defaults: 3 retries, a day. */
interface AsyncInvokeSpec {
  readonly maxAsyncRetryAttempts?: number;
  readonly maxAsyncEventAgeInSeconds?: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** @throws RangeError for anything but `@every <number><s|m|h>` */
export function everyMs(cronExpression: string): number {
  const [, amount, unit = ''] = /^@every (\d+)([smh])$/.exec(cronExpression) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  if (!(ms > 0)) throw new RangeError(`timer ${cronExpression} is not like "@every 5m"`);
  return ms;
}
