import type { InstanceOutcome } from './instance.ts';

export type InvocationTrigger = 'http' | 'api' | 'timer';

/** `error`: the handler threw or could not be loaded; `exited`: its process was killed or ended by itself. */
type InvocationOutcome = InstanceOutcome['kind'] | 'throttled' | 'expired';

export interface InvocationRecord {
  readonly function: string;
  readonly requestId: string;
  readonly type: 'Sync' | 'Async';
  readonly trigger: InvocationTrigger;
  readonly acceptedAtMs: number;
  instanceId?: string;
  coldStart?: boolean;
  startedAtMs?: number;
  endedAtMs?: number;
  durationMs?: number;
  outcome?: InvocationOutcome;
  errorMessage?: string;
  /** What the handler returned, when it is JSON and not an HTTP response. */
  report?: unknown;
}

const MAX_RECORDS = 200;
const MAX_REPORT_BYTES = 64 * 1024;

/** The last invocations, with each function's last report. */
export class InvocationLog {
  readonly #records: InvocationRecord[] = [];
  readonly #counts = new Map<string, Record<string, number>>();
  readonly #reports = new Map<string, unknown>();
  readonly #watchers = new Map<string, Array<(record: InvocationRecord) => void>>();

  begin(record: InvocationRecord): InvocationRecord {
    this.#records.push(record);
    this.#records.splice(0, this.#records.length - MAX_RECORDS);
    return record;
  }

  end(
    record: InvocationRecord,
    outcome: InvocationOutcome,
    endedAtMs: number,
    detail?: InstanceOutcome,
  ): void {
    record.outcome = outcome;
    record.endedAtMs = endedAtMs;
    if (record.startedAtMs !== undefined) record.durationMs = endedAtMs - record.startedAtMs;
    if (detail !== undefined && detail.kind !== 'ok') record.errorMessage = detail.error.errorMessage;
    if (detail?.kind === 'ok' && record.trigger !== 'http') this.#keepReport(record, detail.body);
    const counts = this.#counts.get(record.function) ?? {};
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    this.#counts.set(record.function, counts);
    for (const watcher of this.#watchers.get(record.requestId) ?? []) watcher(record);
    this.#watchers.delete(record.requestId);
  }

  /** Resolves when an invocation with this request id has ended, at once if one already has. */
  ended(requestId: string): Promise<InvocationRecord> {
    const record = this.#records.findLast(
      (known) => known.requestId === requestId && known.outcome !== undefined,
    );
    if (record !== undefined) return Promise.resolve(record);
    return new Promise((resolve) => {
      this.#watchers.set(requestId, [...(this.#watchers.get(requestId) ?? []), resolve]);
    });
  }

  report() {
    return {
      invocations: [...this.#records],
      counts: Object.fromEntries(this.#counts),
      lastReports: Object.fromEntries(this.#reports),
    };
  }

  #keepReport(record: InvocationRecord, body: Buffer): void {
    if (body.length === 0 || body.length > MAX_REPORT_BYTES) return;
    try {
      record.report = JSON.parse(body.toString('utf8'));
    } catch {
      return;
    }
    this.#reports.set(record.function, record.report);
  }
}
