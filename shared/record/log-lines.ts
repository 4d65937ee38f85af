import { toJsonText } from './json-text.ts';

/** One line of a client log. `text` is the whole line when the time could not be read. */
export interface LogLine {
  readonly loggedAt: string | undefined;
  /** For differences only: the log names no zone. */
  readonly atMs: number | undefined;
  readonly text: string;
}

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
  if (text.includes('\n')) {
    // Several lines in one element are told apart by the time that each begins with.
    for (const part of text.split(NEXT_LINE)) addLine(lines, part.trim());
  } else {
    addLine(lines, text.trim());
  }
}

function addLine(lines: LogLine[], line: string): void {
  if (line === '') return;
  const time = readTime(line);
  const next = time === undefined ? '' : line.charAt(time.length);
  if (time === undefined || (next !== ' ' && next !== '\t')) {
    lines.push({ loggedAt: undefined, atMs: undefined, text: line });
    return;
  }
  lines.push({
    loggedAt: line.slice(0, time.length),
    atMs: time.atMs,
    text: line.slice(time.length + 1).trimStart(),
  });
}

/** Length of `YYYY-MM-DD HH:mm:ss`, the form of the official example. */
const TIME_LENGTH = 19;
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The time that a line begins with; a T in the middle and a fraction of a second are let pass. Undefined when
 * there is none, or one that no calendar or clock shows. Read by hand: a log may have a hundred thousand lines.
 */
function readTime(line: string): { length: number; atMs: number } | undefined {
  const middle = line.charAt(10);
  if (line.charAt(4) !== '-' || line.charAt(7) !== '-' || (middle !== ' ' && middle !== 'T'))
    return undefined;
  if (line.charAt(13) !== ':' || line.charAt(16) !== ':') return undefined;
  const year = twoDigits(line, 0) * 100 + twoDigits(line, 2);
  const month = twoDigits(line, 5);
  const day = twoDigits(line, 8);
  const hour = twoDigits(line, 11);
  const minute = twoDigits(line, 14);
  const second = twoDigits(line, 17);
  // NaN, for what is no digit, fails each of these.
  if (!(year >= 0 && day >= 1 && day <= daysOf(year, month))) return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  const atMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const mark = line.charAt(TIME_LENGTH);
  if (mark !== '.' && mark !== ',') return { length: TIME_LENGTH, atMs };
  const [fraction = ''] = /^\d{1,9}/.exec(line.slice(TIME_LENGTH + 1, TIME_LENGTH + 10)) ?? [];
  return {
    length: TIME_LENGTH + 1 + fraction.length,
    atMs: atMs + Math.floor(Number(`0.${fraction}`) * 1000),
  };
}

function twoDigits(line: string, at: number): number {
  const tens = line.charCodeAt(at) - 48;
  const ones = line.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function daysOf(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && !leap ? 28 : (DAYS_OF_MONTH[month - 1] ?? 0);
}
