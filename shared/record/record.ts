import type { EventRow } from './event-fields.ts';
import { toJsonText } from './json-text.ts';
import { toLong } from './number.ts';
import { present } from './present.ts';
import type { RecordRow } from './record-fields.ts';
import { revisionOf } from './revision.ts';
import { storable } from './text.ts';
import { viewKeyOf } from './view-key.ts';

export type Disposition = 'answered' | 'not_completed' | 'invalid' | 'expired' | 'gave_up';

/** One answer, or the end of asking, with what is known of the transaction. */
export interface RecordInput {
  readonly transactionId: string;
  readonly merchantBizId?: string;
  readonly source: 'lookup' | 'sweep';
  readonly attempt: number;
  readonly region: string;
  readonly requestId?: string;
  readonly labels?: Readonly<Record<string, string>> | string;
  readonly initializedAtMs?: number;
  readonly registeredAtMs?: number;
  readonly askedAtMs: number;
  readonly final: boolean;
  readonly disposition: Disposition;
  readonly code: string;
  /** The answer's Result, as parsed. Read only with disposition `answered`. */
  readonly result?: unknown;
  /** A pending row that could not be read. */
  readonly raw?: unknown;
}

export interface RecordOutput {
  readonly record: RecordRow;
  readonly events: EventRow[];
}

const RAW_BYTES_MAX = 256 * 1024;

/** The row for `idv-records` and the rows for `idv-events`. Never throws, whatever the Result is. */
export function toRecord(input: RecordInput): RecordOutput {
  const answered = input.disposition === 'answered';
  const content = answered ? input.result : (input.raw ?? input.result);
  const sortedJson = content === undefined ? undefined : toJsonText(content, true);
  const revision = revisionOf(
    input.transactionId,
    answered && sortedJson !== undefined
      ? { sortedResultJson: sortedJson }
      : { disposition: input.disposition, code: input.code },
  );
  const askedAtMs = toLong(input.askedAtMs);
  const rawBytes = sortedJson === undefined ? undefined : Buffer.byteLength(sortedJson);
  const record = present<RecordRow>({
    transaction_id: storable(input.transactionId),
    revision,
    view_key: viewKeyOf({ final: input.final, answered, askedAtMs, revision }),
    source: input.source,
    region: input.region,
    asked_at_ms: askedAtMs,
    final: String(input.final),
    disposition: input.disposition,
    code: storable(input.code),
    raw: rawBytes !== undefined && rawBytes <= RAW_BYTES_MAX ? toJsonText(content) : undefined,
    raw_bytes: rawBytes,
    raw_truncated: rawBytes === undefined ? undefined : String(rawBytes > RAW_BYTES_MAX),
  });
  return { record, events: [] };
}
