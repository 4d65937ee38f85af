import type { EventRow } from '../logstores/events.ts';
import type { Stage } from '../logstores/values.ts';
import { eachLogLine, type LogLine } from './log-lines.ts';
import { clip } from './storable.ts';
import { readWording, type Wording } from './wording.ts';

/** Both client logs of one session, read to the end; only lines that can become rows are kept of a very long one. */
export interface Journal {
  readonly zh: ClientLog;
  readonly en: ClientLog;
  readonly lineCount: number;
  /** Lines whose time could not be read. */
  readonly unreadCount: number;
  /** First to last readable time over both logs; undefined without one. */
  readonly spanMs: number | undefined;
  readonly timedCount: number;
  /** True when a line has an earlier time than the one before it in its log. */
  readonly outOfOrder: boolean;
  /** Stages that a line is about. */
  readonly stages: ReadonlySet<Stage>;
}

export const MAX_EVENTS = 2_000;
const MAX_TEXT_LENGTH = 1_024;
const UNREAD: Wording = { kind: 'other', stage: undefined };

interface JournalLine {
  readonly line: LogLine;
  readonly wording: Wording;
  readonly gapMs: number | undefined;
}

/** One log, while it is read and after. */
class ClientLog {
  lineCount = 0;
  timedCount = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  outOfOrder = false;
  readonly stages = new Set<Stage>();
  #beforeMs: number | undefined;
  /** The first lines, and in a ring the last of the lines after them. */
  readonly #head: JournalLine[] = [];
  readonly #tail: JournalLine[] = [];

  add(line: LogLine): void {
    const { atMs } = line;
    if (atMs === undefined) {
      this.#keep({ line, wording: UNREAD, gapMs: undefined });
      return;
    }
    const wording = readWording(line.text);
    const gapMs = this.#beforeMs === undefined ? undefined : atMs - this.#beforeMs;
    const backwards = gapMs !== undefined && gapMs < 0;
    this.#keep({ line, wording, gapMs: backwards ? undefined : gapMs });
    this.#beforeMs = atMs;
    this.timedCount += 1;
    this.firstMs = Math.min(this.firstMs, atMs);
    this.lastMs = Math.max(this.lastMs, atMs);
    this.outOfOrder ||= backwards;
    if (wording.stage !== undefined) this.stages.add(wording.stage);
  }

  /** The line of that number, from 1; undefined when it was not kept. */
  at(seq: number): JournalLine | undefined {
    if (seq <= MAX_EVENTS) return this.#head[seq - 1];
    return seq > this.lineCount - MAX_EVENTS ? this.#tail[seq % MAX_EVENTS] : undefined;
  }

  #keep(line: JournalLine): void {
    this.lineCount += 1;
    if (this.lineCount <= MAX_EVENTS) this.#head.push(line);
    else this.#tail[this.lineCount % MAX_EVENTS] = line;
  }
}

export function readJournal(logInfo: unknown, logInfoEn: unknown): Journal {
  const zh = readLog(logInfo);
  const en = readLog(logInfoEn);
  const lineCount = zh.lineCount + en.lineCount;
  const timedCount = zh.timedCount + en.timedCount;
  return {
    zh,
    en,
    lineCount,
    unreadCount: lineCount - timedCount,
    spanMs: timedCount === 0 ? undefined : Math.max(zh.lastMs, en.lastMs) - Math.min(zh.firstMs, en.firstMs),
    timedCount,
    outOfOrder: zh.outOfOrder || en.outOfOrder,
    stages: new Set([...zh.stages, ...en.stages]),
  };
}

function readLog(value: unknown): ClientLog {
  const log = new ClientLog();
  eachLogLine(value, (line) => log.add(line));
  return log;
}

/** Columns that an event shares with its record. */
export interface Identity {
  readonly transaction_id: string;
  readonly revision: string;
  readonly final: string;
}

/** The rows for `idv-events`: all lines, or of a very long log the first and the last ones. */
export function toEventRows({ zh, en }: Journal, identity: Identity): EventRow[] {
  // Each log may have half of the rows; what one does not need goes to the other.
  const enCount = Math.min(en.lineCount, Math.max(MAX_EVENTS / 2, MAX_EVENTS - zh.lineCount));
  const rows: EventRow[] = [];
  addRows(rows, zh, { identity, lang: 'zh', max: MAX_EVENTS - enCount });
  addRows(rows, en, { identity, lang: 'en', max: enCount });
  return rows;
}

interface Part {
  readonly identity: Identity;
  readonly lang: 'zh' | 'en';
  readonly max: number;
}

/** Beginning and end in equal parts: where a session broke off is at its end. */
function addRows(rows: EventRow[], log: ClientLog, part: Part): void {
  const whole = log.lineCount <= part.max;
  const headCount = whole ? log.lineCount : Math.ceil(part.max / 2);
  const tailCount = whole ? 0 : part.max - headCount;
  for (let seq = 1; seq <= headCount; seq += 1) addRow(rows, { log, seq, part });
  for (let seq = log.lineCount - tailCount + 1; seq <= log.lineCount; seq += 1)
    addRow(rows, { log, seq, part });
}

type Draft = { -readonly [K in keyof EventRow]: EventRow[K] };

function addRow(rows: EventRow[], { log, seq, part }: { log: ClientLog; seq: number; part: Part }): void {
  const kept = log.at(seq);
  if (kept === undefined) return;
  const { line, wording, gapMs } = kept;
  const row: Draft = {
    transaction_id: part.identity.transaction_id,
    revision: part.identity.revision,
    final: part.identity.final,
    lang: part.lang,
    seq,
    text: clip(line.text, MAX_TEXT_LENGTH),
    kind: wording.kind,
  };
  if (line.loggedAt !== undefined) row.logged_at = line.loggedAt;
  if (wording.stage !== undefined) row.stage = wording.stage;
  if (gapMs !== undefined) row.gap_ms = gapMs;
  rows.push(row);
}
