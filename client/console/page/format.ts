import type { Column } from '../../../shared/charts/chart.ts';
import { currentLanguage, plain } from './words.ts';

/** SLS writes SQL nulls as this word. */
export function isAbsent(value: string | undefined): value is undefined {
  return value === undefined || value === 'null' || value === '';
}

export function toNumber(value: string | undefined): number | undefined {
  if (isAbsent(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function locale(): string {
  return currentLanguage() === 'zh' ? 'zh-CN' : 'en-GB';
}

function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** A value as a person reads it; an absent one is a dash. */
export function show(value: string | undefined, as: Column['as']): string {
  if (isAbsent(value)) return '–';
  const number = toNumber(value);
  if (as === 'text' || as === 'id') return value;
  if (as === 'key') return plain(value);
  if (number === undefined) return value;
  switch (as) {
    case 'percent':
      return `${number.toLocaleString(locale(), { maximumFractionDigits: 1 })} %`;
    case 'ms':
      return duration(number);
    case 'seconds':
      return `${number} s`;
    case 'ratio':
      return number.toFixed(2);
    case 'time_ms':
      return new Date(number).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'short' });
    default:
      return number.toLocaleString(locale());
  }
}

export function isNumeric(as: Column['as']): boolean {
  return !['text', 'key', 'id'].includes(as);
}
