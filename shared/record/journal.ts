import type { EventRow } from './event-fields.ts';
import { type LogLine, readLogLines } from './log-lines.ts';
import { present } from './present.ts';
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
  for (const line of readLogLines(value)) {
    if (line.atMs === undefined) {
      lines.push({ ...line, wording: UNREAD, gapMs: undefined });
      continue;
    }
    const wording = readWording(line.text);
    const gapMs = beforeMs === undefined ? undefined : line.atMs - beforeMs;
    const backwards = gapMs !== undefined && gapMs < 0;
    lines.push({ ...line, wording, gapMs: backwards ? undefined : gapMs });
    beforeMs = line.atMs;
    log.timedCount += 1;
    log.firstMs = Math.min(log.firstMs, line.atMs);
    log.lastMs = Math.max(log.lastMs, line.atMs);
    log.outOfOrder ||= backwards;
    if (wording.stage !== undefined) log.rungReached = Math.max(log.rungReached, rungOf(wording.stage));
  }
  return log;
}

/** The rows for `idv-events`: all lines, or of a very long log the first and the last ones. */
export function toEventRows(
  journal: Journal,
  identity: { transaction_id: string; revision: string; final: string },
): EventRow[] {
  const { zh, en } = journal;
  // Each log is owed half; what one does not need goes to the other.
  const enCount = Math.min(en.length, Math.max(EVENTS_MAX / 2, EVENTS_MAX - zh.length));
  const rows: EventRow[] = [];
  for (const [lang, lines, most] of [
    ['zh', zh, EVENTS_MAX - enCount],
    ['en', en, enCount],
  ] as const) {
    for (const index of keptIndexes(lines.length, most)) {
      const line = lines[index];
      if (line !== undefined) rows.push(toRow({ ...identity, lang, seq: index + 1 }, line));
    }
  }
  return rows;
}

/** Beginning and end in equal parts: where a session broke off is at its end. */
function keptIndexes(length: number, most: number): number[] {
  const indexes = Array.from({ length: Math.min(length, most) }, (_, index) => index);
  const head = Math.ceil(most / 2);
  return length <= most ? indexes : indexes.map((index) => (index < head ? index : length - most + index));
}

function toRow(place: EventRow, line: JournalLine): EventRow {
  return present<EventRow>({
    transaction_id: place.transaction_id,
    revision: place.revision,
    final: place.final,
    lang: place.lang,
    seq: place.seq,
    logged_at: line.loggedAt,
    text: clip(line.text, TEXT_LENGTH),
    kind: line.wording.kind,
    stage: line.wording.stage,
    gap_ms: line.gapMs,
    write_error: undefined,
  });
}
