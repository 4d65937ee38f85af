import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Recorded } from './openapi-check.ts';
import { seeded } from './seeded.ts';

/** A mixture of requests as many callers would send at once, each of which knows what its answer must be. */
export interface MixedRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly body?: string;
  readonly type?: string;
  readonly check: (status: number, body: string) => void;
}

export const SESSIONS = 200;
export const sessionId = (index: number) => `mix-${index}`;

/** What CheckVerifyLog is made to answer for the session of that name, and what the caller is then told. */
export const FAULTS = [
  ['InternalError', 502, 'UPSTREAM_HTTP'],
  ['reset', 502, 'UPSTREAM_NETWORK'],
  ['garbage', 502, 'UPSTREAM_CONTRACT'],
  ['empty', 502, 'UPSTREAM_CONTRACT'],
  ['Forbidden.RAMUserAccessDenied', 502, 'UPSTREAM_FORBIDDEN'],
  ['ProcessNotCompleted', 409, 'NOT_COMPLETED'],
] as const;
export const faultyId = (index: number) => `faulty-${index}`;

export interface MixtureOptions {
  readonly count: number;
  /** Begins the ids that are registered. */
  readonly name: string;
  /** Faults are injected: what fails for them is right. */
  readonly faults: boolean;
  /** Ids that a 202 said are stored. */
  readonly claimed?: Set<string>;
}

export function mixture(options: MixtureOptions): MixedRequest[] {
  const random = seeded(11);
  const whole = (most: number) => Math.floor(random() * most);
  return Array.from({ length: options.count }, (_, serial) => {
    const draw = random();
    if (draw < 0.1 && options.faults) return faulty(whole(FAULTS.length));
    if (draw < 0.35) return lookup(whole(SESSIONS));
    if (draw < 0.6) return batch(options, serial, 1 + whole(8));
    if (draw < 0.68) return bulk(whole(SESSIONS));
    if (draw < 0.76) return unknown(serial);
    if (draw < 0.86) return wrong(serial);
    if (draw < 0.95) return health;
    return [ledger(options), form, nowhere][whole(3)] ?? health;
  });
}

function lookup(index: number): MixedRequest {
  const id = sessionId(index);
  return {
    method: 'GET',
    path: `/v1/transactions/${id}`,
    query: `?initializedAt=${Date.now() - 3_600_000}`,
    check: (status, body) => {
      expect(status).toBe(200);
      const answer = JSON.parse(body);
      expect(answer.record.transaction_id).toBe(id);
      expect(JSON.parse(answer.record.raw)).toEqual({ VerifyStatus: '1', ExtInfo: `of ${id}` });
    },
  };
}

function faulty(index: number): MixedRequest {
  return {
    method: 'GET',
    path: `/v1/transactions/${faultyId(index)}`,
    check: (status, body) => {
      const [, expected, code] = FAULTS[index] ?? FAULTS[0];
      expect([status, JSON.parse(body).code]).toEqual([expected, code]);
    },
  };
}

function unknown(serial: number): MixedRequest {
  return {
    method: 'GET',
    path: `/v1/transactions/nobody-${serial}`,
    check: (status, body) => {
      expect(status).toBe(404);
      expect(JSON.parse(body).code).toBe('TRANSACTION_INVALID');
    },
  };
}

function batch({ name, faults, claimed }: MixtureOptions, serial: number, size: number): MixedRequest {
  const bad = serial % (size + 1);
  const ids = Array.from({ length: size }, (_, index) =>
    index === bad ? 'not valid' : `${name}-${serial}-${index}`,
  );
  return {
    method: 'POST',
    path: '/v1/transactions',
    type: 'application/json',
    body: JSON.stringify({ transactions: ids.map((transactionId) => ({ transactionId })) }),
    check: (status, body) => {
      const valid = ids.filter((_, index) => index !== bad);
      const answer = JSON.parse(body);
      if (faults && status === 503) {
        expect(answer.code).toBe('NOT_STORED');
        return;
      }
      expect(status).toBe(valid.length === 0 ? 400 : 202);
      if (valid.length === 0) return;
      expect(answer.accepted).toBe(valid.length);
      expect(answer.rejected.map((one: { index: number }) => one.index)).toEqual(bad < size ? [bad] : []);
      for (const id of valid) claimed?.add(id);
    },
  };
}

function bulk(index: number): MixedRequest {
  const ids = [0, 1, 2].map((step) => sessionId((index + step) % SESSIONS));
  return {
    method: 'POST',
    path: '/v1/lookups',
    type: 'application/json',
    body: JSON.stringify({ transactions: ids.map((transactionId) => ({ transactionId })) }),
    check: (status, body) => {
      expect(status).toBe(200);
      expect(JSON.parse(body).results.map((one: { transactionId: string }) => one.transactionId)).toEqual(
        ids,
      );
    },
  };
}

function wrong(serial: number): MixedRequest {
  const field = `field${serial}`;
  return {
    method: 'POST',
    path: '/v1/transactions',
    type: 'application/json',
    body: JSON.stringify({ transactionId: 'a', [field]: 1 }),
    check: (status, body) => {
      expect(status).toBe(400);
      expect(JSON.parse(body).issues).toEqual([{ path: field, message: 'is not known here' }]);
    },
  };
}

const health: MixedRequest = {
  method: 'GET',
  path: '/v1/health',
  check: (status, body) => expect([status, body]).toEqual([200, '{"status":"ok"}']),
};
const form: MixedRequest = {
  method: 'POST',
  path: '/v1/lookups',
  type: 'text/plain',
  body: 'x',
  check: (status) => expect(status).toBe(415),
};
const nowhere: MixedRequest = {
  method: 'GET',
  path: '/v1/nowhere',
  check: (status) => expect(status).toBe(404),
};

function ledger({ faults }: MixtureOptions): MixedRequest {
  return {
    method: 'GET',
    path: '/v1/ledger',
    check: (status, body) => {
      const answer = JSON.parse(body);
      if (faults && status === 503) expect(answer.code).toBe('SLS');
      else expect([status, answer.residual]).toEqual([200, 0]);
    },
  };
}

/**
 * Sends them all, so many at once. FC turns away what has no free instance (429); it is sent again, as a caller
 * would.
 */
export async function sendAll(
  api: string,
  requests: readonly MixedRequest[],
  inFlight: number,
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const queue = requests.values();
  const worker = async () => {
    for (const request of queue) recorded.push(await sendOne(api, request));
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return recorded;
}

async function sendOne(api: string, request: MixedRequest): Promise<Recorded> {
  const { method, path, query = '', body, type, check } = request;
  for (;;) {
    const response = await fetch(`${api}${path}${query}`, {
      method,
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    });
    const text = await response.text();
    const { status } = response;
    if (status === 429 && !text.includes('THROTTLED')) {
      await sleep(5 + Math.random() * 40);
      continue;
    }
    check(status, text);
    return { method, path, statusCode: status, headers: Object.fromEntries(response.headers), body: text };
  }
}
