import {
  SlsError,
  UpstreamContractError,
  UpstreamNetworkError,
  UpstreamTimeoutError,
} from '../../shared/errors.ts';
import { retry } from '../../shared/retry.ts';
import { systemClock } from '../../shared/time.ts';

/** A service that the console asks on behalf of its page. */
interface Service {
  readonly name: 'sls' | 'lookup';
  readonly url: string;
  /** For everything that one `asker` asks, retries included. */
  readonly timeLimitMs: number;
}

type Problem = 'unreachable' | 'timeout' | 'refused' | 'unreadable';

const NAMES = { sls: 'the log store (SLS)', lookup: 'the lookup function' } as const;
/** Everything the console asks may be asked twice: it only reads, or leaves rows that count once. */
const RETRY = { attempts: 2, baseMs: 200, capMs: 400 };

/** A service gave no usable response. The page says which and why, in its own language. */
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
 * Returns a function that asks the service, a second time where that may help, and throws ServiceFailure. The time
 * limit counts from here.
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

/** Not a timeout: that would only double the wait. */
function mayPass(error: unknown): boolean {
  if (error instanceof SlsError) return error.retryable;
  return error instanceof UpstreamNetworkError || error instanceof UpstreamContractError;
}

function toServiceFailure(service: Service, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof UpstreamTimeoutError) {
    return new ServiceFailure(
      service,
      'timeout',
      `no response within ${service.timeLimitMs / 1_000} s`,
      error,
    );
  }
  if (error instanceof UpstreamNetworkError)
    return new ServiceFailure(service, 'unreachable', error.message, error);
  if (error instanceof UpstreamContractError)
    return new ServiceFailure(service, 'unreadable', error.message, error);
  if (error instanceof SlsError) return new ServiceFailure(service, 'refused', error.message, error);
  return error;
}

/**
 * One HTTP call whose response is JSON.
 * @throws UpstreamNetworkError, UpstreamContractError, or the signal's reason
 */
export async function fetchJson(
  target: URL,
  init: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<{ status: number; body: unknown }> {
  const { status, text } = await fetchText(target, init);
  try {
    return { status, body: JSON.parse(text) };
  } catch (cause) {
    throw new UpstreamContractError('the response is not JSON', { cause });
  }
}

async function fetchText(
  target: URL,
  init: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
) {
  try {
    const response = await fetch(target, init);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    init.signal.throwIfAborted();
    const { code = 'the connection broke' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    throw new UpstreamNetworkError(`no response: ${code}`, { cause: error });
  }
}
