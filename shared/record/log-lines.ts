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
 * Visits the lines of LogInfo or LogInfoEn in their order. The documents say one line per element; the official
 * example has one element that is a JSON array of lines. Both are read, and so is bare text; blank elements are skipped.
 */
export function eachLogLine(value: unknown, visit: (line: LogLine) => void): void {
  for (const element of toList(value)) {
    const packed = parseArray(element);
    if (packed === undefined) addLines(visit, element);
    else for (const item of packed) addLines(visit, item);
  }
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

function addLines(visit: (line: LogLine) => void, element: unknown): void {
  const text = typeof element === 'string' ? element : toJsonText(element, true);
  if (text.includes('\n')) {
    // Each of several lines in one element begins with its time.
    for (const part of text.split(NEXT_LINE)) addLine(visit, part.trim());
  } else {
    addLine(visit, text.trim());
  }
}

function addLine(visit: (line: LogLine) => void, line: string): void {
  if (line === '') return;
  const wholeMs = readTime(line);
  const length = Number.isNaN(wholeMs) ? 0 : TIME_LENGTH + fractionLength(line);
  const next = line.charAt(length);
  if (length === 0 || (next !== ' ' && next !== '\t')) {
    visit({ loggedAt: undefined, atMs: undefined, text: line });
    return;
  }
  visit({
    loggedAt: line.slice(0, length),
    atMs: wholeMs + fractionMs(line, length),
    text: line.slice(length + 1).trimStart(),
  });
}

/** Length of `YYYY-MM-DD HH:mm:ss`, the form of the official example. */
const TIME_LENGTH = 19;
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The whole seconds of the time that a line begins with, in ms; a T in the middle is accepted. NaN without a valid
 * time. Read by hand, because a log may have a hundred thousand lines.
 */
function readTime(line: string): number {
  const middle = line.charAt(10);
  if (line.charAt(4) !== '-' || line.charAt(7) !== '-' || (middle !== ' ' && middle !== 'T'))
    return Number.NaN;
  if (line.charAt(13) !== ':' || line.charAt(16) !== ':') return Number.NaN;
  const year = twoDigits(line, 0) * 100 + twoDigits(line, 2);
  const month = twoDigits(line, 5);
  const day = twoDigits(line, 8);
  const hour = twoDigits(line, 11);
  const minute = twoDigits(line, 14);
  const second = twoDigits(line, 17);
  // Anything but digits is NaN, which fails each of these.
  if (!(year >= 0 && day >= 1 && day <= daysOf(year, month))) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Length of the fraction of a second after the time, its point or comma included. */
function fractionLength(line: string): number {
  const mark = line.charAt(TIME_LENGTH);
  if (mark !== '.' && mark !== ',') return 0;
  const [fraction = ''] = /^\d{1,9}/.exec(line.slice(TIME_LENGTH + 1, TIME_LENGTH + 10)) ?? [];
  return 1 + fraction.length;
}

function fractionMs(line: string, length: number): number {
  return length === TIME_LENGTH ? 0 : Math.floor(Number(`0.${line.slice(TIME_LENGTH + 1, length)}`) * 1000);
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
