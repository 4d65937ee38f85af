import type { EventRow } from './event-fields.ts';
import { type LogLine, readLogLines } from './log-lines.ts';
import { rungOf } from './stages.ts';
import { clip } from './text.ts';
import { readWording, type Wording } from './wording.ts';

/** Both client logs of one session, read whole; rows are made of them afterwards, as many as are kept. */
export interface Journal {
  readonly zh: readonly JournalLine[];
  readonly en: readonly JournalLine[];
  readonly lineCount: number;
  /** Lines whose time could not be read. */
  readonly unreadCount: number;
  /** First to last readable time over both logs; undefined without one. */
  readonly spanMs: number | undefined;
  readonly timedCount: number;
  /** True when a line bears an earlier time than the one before it in its log. */
  readonly outOfOrder: boolean;
  /** Highest rung of the ladder that a line speaks of; 0 for none. */
  readonly rungReached: number;
}

export interface JournalLine extends LogLine {
  readonly wording: Wording;
  readonly gapMs: number | undefined;
}

export const EVENTS_MAX = 2_000;
const TEXT_LENGTH = 1_024;
const UNREAD: Wording = { kind: 'other', stage: undefined };

export function readJournal(logInfo: unknown, logInfoEn: unknown): Journal {
  const zh = readLog(logInfo);
  const en = readLog(logInfoEn);
  const lineCount = zh.lines.length + en.lines.length;
  const timedCount = zh.timedCount + en.timedCount;
  return {
    zh: zh.lines,
    en: en.lines,
    lineCount,
    unreadCount: lineCount - timedCount,
    spanMs: timedCount === 0 ? undefined : Math.max(zh.lastMs, en.lastMs) - Math.min(zh.firstMs, en.firstMs),
    timedCount,
    outOfOrder: zh.outOfOrder || en.outOfOrder,
    rungReached: Math.max(zh.rungReached, en.rungReached),
  };
}

function readLog(value: unknown) {
  const lines: JournalLine[] = [];
  const log = {
    lines,
    timedCount: 0,
    firstMs: Number.POSITIVE_INFINITY,
    lastMs: Number.NEGATIVE_INFINITY,
    outOfOrder: false,
    rungReached: 0,
  };
  let beforeMs: number | undefined;
  for (const { loggedAt, atMs, text } of readLogLines(value)) {
    if (atMs === undefined) {
      lines.push({ loggedAt, atMs, text, wording: UNREAD, gapMs: undefined });
      continue;
    }
    const wording = readWording(text);
    const gapMs = beforeMs === undefined ? undefined : atMs - beforeMs;
    const backwards = gapMs !== undefined && gapMs < 0;
    lines.push({ loggedAt, atMs, text, wording, gapMs: backwards ? undefined : gapMs });
    beforeMs = atMs;
    log.timedCount += 1;
    log.firstMs = Math.min(log.firstMs, atMs);
    log.lastMs = Math.max(log.lastMs, atMs);
    log.outOfOrder ||= backwards;
    if (wording.stage !== undefined) log.rungReached = Math.max(log.rungReached, rungOf(wording.stage));
  }
  return log;
}

/** The rows for `idv-events`: all lines, or of a very long log the first and the last ones. */
export function toEventRows(journal: Journal, identity: Identity): EventRow[] {
  const { zh, en } = journal;
  // Each log is owed half; what one does not need goes to the other.
  const enCount = Math.min(en.length, Math.max(EVENTS_MAX / 2, EVENTS_MAX - zh.length));
  const rows: EventRow[] = [];
  addRows(rows, zh, { identity, lang: 'zh', most: EVENTS_MAX - enCount });
  addRows(rows, en, { identity, lang: 'en', most: enCount });
  return rows;
}

/** Columns that an event shares with its record. */
export interface Identity {
  readonly transaction_id: string;
  readonly revision: string;
  readonly final: string;
}

interface Part {
  readonly identity: Identity;
  readonly lang: 'zh' | 'en';
  readonly most: number;
}

/** Beginning and end in equal parts: where a session broke off is at its end. */
function addRows(rows: EventRow[], lines: readonly JournalLine[], part: Part): void {
  const headCount = lines.length <= part.most ? lines.length : Math.ceil(part.most / 2);
  const tailFrom = lines.length <= part.most ? lines.length : lines.length - (part.most - headCount);
  for (const [index, line] of lines.entries()) {
    if (index < headCount || index >= tailFrom) rows.push(toRow(line, index + 1, part));
  }
}

type Draft = { -readonly [K in keyof EventRow]: EventRow[K] };

function toRow(line: JournalLine, seq: number, part: Part): EventRow {
  const row: Draft = {
    transaction_id: part.identity.transaction_id,
    revision: part.identity.revision,
    final: part.identity.final,
    lang: part.lang,
    seq,
    text: clip(line.text, TEXT_LENGTH),
    kind: line.wording.kind,
  };
  if (line.loggedAt !== undefined) row.logged_at = line.loggedAt;
  if (line.wording.stage !== undefined) row.stage = line.wording.stage;
  if (line.gapMs !== undefined) row.gap_ms = line.gapMs;
  return row;
}
