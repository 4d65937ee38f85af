/** Digits, with a fraction at most: the service writes counts and milliseconds as numbers or as text. */
const DECIMAL = /^\s*\+?\d+(?:\.\d+)?\s*$/;

/**
 * A count or a duration that may be a number or numeric text, as a safe integer ≥ 0; undefined when it is
 * neither. Fractions are rounded down.
 */
export function toLong(value: unknown): number | undefined {
  const number = typeof value === 'string' ? (DECIMAL.test(value) ? Number(value) : Number.NaN) : value;
  if (typeof number !== 'number') return undefined;
  const whole = Math.floor(number);
  return Number.isSafeInteger(whole) && whole >= 0 ? whole + 0 : undefined;
}
