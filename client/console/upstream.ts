import {
  SlsError,
  UpstreamContractError,
  UpstreamNetworkError,
  UpstreamTimeoutError,
} from '../../shared/errors.ts';
import { retry } from '../../shared/retry.ts';
import { systemClock } from '../../shared/time.ts';

/** A service that the console calls on behalf of its page. */
interface Service {
  readonly name: 'sls' | 'lookup';
  readonly url: string;
  /** For all calls of one `asker`, retries included. */
  readonly timeLimitMs: number;
}

type Problem = 'unreachable' | 'timeout' | 'refused' | 'unreadable';

const NAMES = { sls: 'the log store (SLS)', lookup: 'the lookup function' } as const;
/** Every call may be made twice: it only reads, or leaves rows that count once. */
const RETRY = { attempts: 2, baseMs: 200, capMs: 400 };

/** A service gave no usable response. The page shows which and why, in the language of its reader. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
  readonly service: Service;
  readonly problem: Problem;
  readonly reason: string;

  constructor(service: Service, problem: Problem, reason: string, cause?: unknown) {
    super(`${NAMES[service.name]} at ${service.url}: ${reason}`, { cause });
    this.service = service;
    this.problem = problem;
    this.reason = reason;
  }
}

/**
 * Returns a function that calls the service, a second time where that may help, and throws ServiceFailure. The time
 * limit starts now.
 */
export function asker(service: Service) {
  const signal = AbortSignal.timeout(service.timeLimitMs);
  const policy = { ...RETRY, retryable: mayPass, signal };
  return async <T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await retry(() => question(signal), policy, systemClock, Math.random);
    } catch (error) {
      throw toServiceFailure(service, error, signal);
    }
  };
}

/** A timeout is not retried: that would only double the wait. */
function mayPass(error: unknown): boolean {
  if (error instanceof SlsError) return error.retryable;
  return error instanceof UpstreamNetworkError || error instanceof UpstreamContractError;
}

function toServiceFailure(service: Service, error: unknown, signal: AbortSignal): unknown {
  const failure = (problem: Problem, reason = (error as Error).message) =>
    new ServiceFailure(service, problem, reason, error);
  if (signal.aborted || error instanceof UpstreamTimeoutError)
    return failure('timeout', `no response within ${service.timeLimitMs / 1_000} s`);
  if (error instanceof UpstreamNetworkError) return failure('unreachable');
  if (error instanceof UpstreamContractError) return failure('unreadable');
  return error instanceof SlsError ? failure('refused') : error;
}

/**
 * One HTTP call whose response is JSON.
 * @throws UpstreamNetworkError, UpstreamContractError, or the signal's reason
 */
export async function fetchJson(
  target: URL,
  init: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<{ status: number; body: unknown }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, init);
    text = await response.text();
  } catch (error) {
    init.signal.throwIfAborted();
    const { code = 'the connection broke' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    throw new UpstreamNetworkError(`no response: ${code}`, { cause: error });
  }
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch (error) {
    throw new UpstreamContractError('the response is not JSON', { cause: error });
  }
}
