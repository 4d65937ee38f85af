import { retry } from '../shared/retry.ts';
import { systemClock } from '../shared/time.ts';
import type { Cloud } from './cloud.ts';

/** An answer of the HTTP API other than the one that was wanted. */
class NotAnswered extends Error {
  override readonly name = 'NotAnswered';
  readonly retryable: boolean;

  constructor(status: number, text: string) {
    super(`${status} ${text.slice(0, 500)}`);
    this.retryable = BUSY.includes(status);
  }
}

/** What others bring about: their calls take all instances, or an order of theirs kills one or lets a service fail. */
const BUSY = [429, 502, 503, 504];
/** Two to three minutes in all. */
const PATIENCE = { attempts: 300, baseMs: 100, capMs: 1_000 };

/**
 * A call that the local cloud makes to its own HTTP API, whose callers it shares with everybody else: it waits for
 * its turn. The call has to be one that may be made twice.
 * @throws Error with the status and the beginning of the answer
 */
export async function callApi(
  { fc, apiHeaders }: Cloud,
  path: string,
  { wanted, body }: { readonly wanted: number; readonly body?: unknown },
): Promise<string> {
  const call = async () => {
    const response = await fetch(new URL(path, fc.url), {
      headers: { ...apiHeaders, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== wanted) throw new NotAnswered(response.status, text);
    return text;
  };
  return retry(call, PATIENCE, systemClock, Math.random);
}
