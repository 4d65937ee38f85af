import {
  SlsError,
  UpstreamContractError,
  UpstreamNetworkError,
  UpstreamTimeoutError,
} from '../../shared/errors.ts';
import { retry } from '../../shared/retry.ts';
import { systemClock } from '../../shared/time.ts';

/** A service that the console asks on behalf of its page. */
export interface Service {
  readonly name: 'sls' | 'lookup';
  readonly url: string;
  /** For all that one `asker` asks, tries included. */
  readonly timeLimitMs: number;
}

export type Problem = 'unreachable' | 'timeout' | 'refused' | 'unreadable';

const SPOKEN = { sls: 'the log store (SLS)', lookup: 'the lookup function' } as const;
/** Everything the console asks may be asked twice: it reads, or leaves rows that count once. */
const AGAIN = { attempts: 2, baseMs: 200, capMs: 400 };

/** A service did not answer, and which. The page says it in its own language. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly service: Service;
  readonly problem: Problem;
  readonly reason: string;

  constructor(service: Service, problem: Problem, reason: string, cause?: unknown) {
    super(`${SPOKEN[service.name]} at ${service.url}: ${reason}`, { cause });
    this.service = service;
    this.problem = problem;
    this.reason = reason;
  }
}

/** Asks, and once more where that may help. What it gives throws Unanswered. The time runs from here. */
export function asker(service: Service) {
  const signal = AbortSignal.timeout(service.timeLimitMs);
  const policy = { ...AGAIN, retryable: mayPass, signal };
  return async <T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await retry(() => question(signal), policy, systemClock, Math.random);
    } catch (error) {
      throw toUnanswered(service, error, signal);
    }
  };
}

/** Whoever did not answer in time would only be waited for twice as long. */
function mayPass(error: unknown): boolean {
  if (error instanceof SlsError) return error.retryable;
  return error instanceof UpstreamNetworkError || error instanceof UpstreamContractError;
}

function toUnanswered(service: Service, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof UpstreamTimeoutError) {
    return new Unanswered(service, 'timeout', `no answer within ${service.timeLimitMs / 1_000} s`, error);
  }
  if (error instanceof UpstreamNetworkError)
    return new Unanswered(service, 'unreachable', error.message, error);
  if (error instanceof UpstreamContractError)
    return new Unanswered(service, 'unreadable', error.message, error);
  if (error instanceof SlsError) return new Unanswered(service, 'refused', error.message, error);
  return error;
}

/**
 * One HTTP call whose answer is JSON.
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
    throw new UpstreamContractError('the answer is not JSON', { cause });
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
    throw new UpstreamNetworkError(`no answer: ${code}`, { cause: error });
  }
}
