import { toJsonText } from './json-text.ts';

/** One line of a client log. `text` is the whole line when the time could not be read. */
export interface LogLine {
  readonly loggedAt: string | undefined;
  /** For differences only: the log names no zone. */
  readonly atMs: number | undefined;
  readonly text: string;
}

/** `YYYY-MM-DD HH:mm:ss<space>`, the form of the official example; a T and a fraction are let pass. */
const TIME = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,3}))?(?=\s)/;
const NEXT_LINE = /\r?\n(?=\d{4}-\d{2}-\d{2}[ T]\d{2}:)/;

/**
 * The lines of LogInfo or LogInfoEn in their order. The document says one line per element; the official example
 * has one element that is a JSON array of lines. Both are read, a bare text too; blank elements are no lines.
 */
export function readLogLines(value: unknown): LogLine[] {
  const lines: LogLine[] = [];
  for (const element of toList(value)) {
    const packed = parseArray(element);
    if (packed === undefined) addLines(lines, element);
    else for (const item of packed) addLines(lines, item);
  }
  return lines;
}

function toList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function parseArray(element: unknown): readonly unknown[] | undefined {
  if (Array.isArray(element)) return element;
  if (typeof element !== 'string' || !/^\s*\[/.test(element)) return undefined;
  try {
    const parsed: unknown = JSON.parse(element);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function addLines(lines: LogLine[], element: unknown): void {
  const text = typeof element === 'string' ? element : toJsonText(element, true);
  // Several lines in one element are told apart by the time that each begins with.
  for (const part of text.includes('\n') ? text.split(NEXT_LINE) : [text]) {
    const line = part.trim();
    if (line !== '') lines.push(parseLine(line));
  }
}

function parseLine(line: string): LogLine {
  const match = TIME.exec(line);
  const atMs = match === null ? undefined : toMs(match);
  if (match === null || atMs === undefined) return { loggedAt: undefined, atMs: undefined, text: line };
  return { loggedAt: match[0], atMs, text: line.slice(match[0].length).trimStart() };
}

/** Undefined for a date or time that no calendar or clock shows. */
function toMs(match: RegExpExecArray): number | undefined {
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, Number((match[7] ?? '').padEnd(3, '0')));
}
