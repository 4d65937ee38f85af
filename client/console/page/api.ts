import type { DashboardDefinition } from '../../../shared/charts/chart.ts';

export type Row = Record<string, string>;

interface Rows {
  rows: Row[];
  complete: boolean;
}

export interface Forwarded {
  status: number;
  body: Record<string, unknown>;
}

interface Detail {
  records: Row[];
  events: Row[];
}

/** Selects a list of transactions: a value of a field, and journeys separated by commas (empty: all). */
export interface Picked {
  readonly field: string;
  readonly value: string;
  readonly within: string;
}

/** The filters of the whole page. */
export interface Scope {
  readonly rangeSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A service gave no usable response, as the console's server reports it. */
interface Failure {
  readonly error?: string;
  readonly problem?: 'unreachable' | 'timeout' | 'refused' | 'unreadable';
  readonly reason?: string;
  readonly service?: 'sls' | 'lookup' | 'console';
  readonly at?: string;
}

export class FailedCall extends Error {
  override readonly name = 'FailedCall';
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.error ?? '', { cause });
    this.failure = failure;
  }
}

/** The console's server gives up sooner; but a browser sends only a few requests at a time. */
const TIME_LIMIT_MS = 60_000;

/** @throws FailedCall */
async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const { ok, status, body } = await fetchJson(path, init);
  if (ok) return body as T;
  const failure = (body ?? {}) as Failure;
  throw new FailedCall({ ...failure, error: failure.error ?? `the console responded with ${status}` });
}

async function fetchJson(path: string, init?: RequestInit) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIME_LIMIT_MS);
  try {
    const response = await fetch(path, { ...init, signal: limit.signal });
    return { ok: response.ok, status: response.status, body: (await response.json()) as unknown };
  } catch (error) {
    const reason = limit.signal.aborted ? `${TIME_LIMIT_MS / 1_000} s` : (error as Error).message;
    const problem = limit.signal.aborted
      ? 'timeout'
      : error instanceof SyntaxError
        ? 'unreadable'
        : 'unreachable';
    throw new FailedCall({ problem, reason, service: 'console', at: location.origin }, error);
  } finally {
    clearTimeout(timer);
  }
}

function query(scope: Scope, more: Record<string, string> = {}): string {
  const to = Math.ceil(Date.now() / 1_000) + 60;
  const parameters = new URLSearchParams({ from: String(to - scope.rangeSeconds), to: String(to), ...more });
  for (const [name, value] of Object.entries(scope.labels)) parameters.set(`label.${name}`, value);
  return parameters.toString();
}

export const api = {
  dashboards: () => ask<{ dashboards: DashboardDefinition[] }>('/api/dashboards'),
  chart: (id: string, scope: Scope) => ask<Rows>(`/api/charts/${id}?${query(scope)}`),
  labels: (scope: Scope) => ask<Rows>(`/api/labels?${query({ ...scope, labels: {} })}`),
  behind: (picked: Picked, scope: Scope) => ask<Rows>(`/api/transactions?${query(scope, { ...picked })}`),
  transaction: (id: string, scope: Scope) =>
    ask<Detail>(`/api/transactions/${encodeURIComponent(id)}?${query({ ...scope, labels: {} })}`),
  lookup: (transactionId: string) =>
    ask<Forwarded>('/api/lookup', { method: 'POST', body: JSON.stringify({ transactionId }) }),
};
