import type { DashboardDefinition } from '../../../deploy/charts/chart.ts';

export type Row = Record<string, string>;

export interface Rows {
  rows: Row[];
  complete: boolean;
}

export interface Forwarded {
  status: number;
  body: Record<string, unknown>;
}

export interface Detail {
  records: Row[];
  events: Row[];
}

/** What every figure on the page is narrowed by. */
export interface Scope {
  readonly rangeSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init);
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `the console answered ${response.status}`);
  return body;
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
  behind: (field: string, value: string, scope: Scope) =>
    ask<Rows>(`/api/transactions?${query(scope, { field, value })}`),
  transaction: (id: string, scope: Scope) =>
    ask<Detail>(`/api/transactions/${encodeURIComponent(id)}?${query({ ...scope, labels: {} })}`),
  lookup: (transactionId: string) =>
    ask<Forwarded>('/api/lookup', { method: 'POST', body: JSON.stringify({ transactionId }) }),
};
