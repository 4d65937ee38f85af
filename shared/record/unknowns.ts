import { clip } from './text.ts';

const SHOWN_MAX = 20;
const VALUE_LENGTH = 64;

/** What the answer holds beyond the documented values: all counted, the first ones named. */
export interface Unknowns {
  count: number;
  readonly shown: string[];
}

export function createUnknowns(): Unknowns {
  return { count: 0, shown: [] };
}

/** Counts `times` values and names them as one `<member>:<value>`, without the comma that separates names. */
export function noteUnknown(unknowns: Unknowns, member: string, value: string, times = 1): void {
  unknowns.count += times;
  if (unknowns.shown.length >= SHOWN_MAX) return;
  const name = `${clip(member, VALUE_LENGTH)}:${clip(value, VALUE_LENGTH)}`;
  unknowns.shown.push(name.replaceAll(',', ';'));
}
