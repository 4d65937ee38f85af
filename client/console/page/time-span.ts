const HOUR_MS = 3_600_000;

/**
 * The ends of a time axis: its first and last point. A single point gets an hour before it; the chart library would
 * give it a day on both sides. (A file of its own because a test cannot load the chart library.)
 */
export function timeSpan(times: ReadonlyArray<number | undefined>): { min?: number; max?: number } {
  const known = times.filter((time) => time !== undefined);
  if (known.length === 0) return {};
  const [first, last] = [Math.min(...known), Math.max(...known)];
  return { min: first === last ? first - HOUR_MS : first, max: last };
}
