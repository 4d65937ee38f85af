import { defineFields, type RowOf } from './record/field-table.ts';

/** `idv-pending`: the queue. One row is one transaction that waits, or is asked again. */
export const PENDING_LOGSTORE = 'idv-pending';
/** The consumer group on `idv-pending` that holds the sweep's lease and checkpoint. */
export const SWEEP_CONSUMER_GROUP = 'idv-sweep';
/** Registrations are written in groups of at most this many rows: a checkpoint stands on a group boundary. */
export const PENDING_GROUP_ROWS = 200;

export const PENDING_KINDS = ['register', 'requeue', 'handback', 'replay'] as const;
export type PendingKind = (typeof PENDING_KINDS)[number];

export const PENDING_FIELDS = defineFields({
  transaction_id: {
    type: 'text',
    meaning: 'The transaction to ask about',
    source: 'Initialize, by the merchant',
  },
  merchant_biz_id: {
    type: 'text',
    meaning: "The merchant's own id of the business step",
    source: 'registration',
  },
  initialized_at_ms: {
    type: 'long',
    meaning: 'When the session was opened, unix ms',
    source: 'registration',
  },
  registered_at_ms: {
    type: 'long',
    meaning: 'When the transaction was first registered, unix ms; kept when it is queued again',
    source: 'registration',
  },
  attempt: { type: 'long', meaning: 'How often the sweep has asked so far', source: 'sweep' },
  kind: {
    type: 'text',
    meaning: 'Why the row is here: register, requeue, handback or replay',
    source: 'writer',
  },
  last_code: { type: 'text', meaning: 'The return code of the last attempt', source: 'sweep' },
  labels: {
    type: 'json',
    meaning: "The merchant's own dimensions, as given at registration",
    source: 'registration',
  },
});

export type PendingRow = RowOf<typeof PENDING_FIELDS>;
