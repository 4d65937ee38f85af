import { SlsError, UpstreamContractError } from '../errors.ts';

/**
 * Cursors are base64 of a decimal int64; the log groups of a shard stand at consecutive numbers. Evidence: the
 * official Go and Java SDKs compute the cursor of each pulled group that way (facts read 2026-11-23).
 */
const DECIMAL = /^-?\d{1,19}$/;

/** The number in a cursor, or undefined if it holds none: then it can only be handed back as it is. */
export function cursorNumber(cursor: string): bigint | undefined {
  const text = Buffer.from(cursor, 'base64').toString('latin1');
  return DECIMAL.test(text) ? BigInt(text) : undefined;
}

export function cursorAt(number: bigint): string {
  return Buffer.from(String(number)).toString('base64');
}

/** Cursors of one shard are compared as the int64 they hold, never as text: padding may be missing. */
export function isBefore(cursor: string, other: string): boolean {
  return numberOf(cursor) < numberOf(other);
}

/** False for a checkpoint that somebody wrote by hand and that stands for no position. */
export function isCursor(cursor: string): boolean {
  return cursorNumber(cursor) !== undefined;
}

/** SLS no longer knows the position. The name of the error differs between its documents. */
export function isInvalidCursor(error: unknown): boolean {
  if (!(error instanceof SlsError) || error.status !== 400) return false;
  return (
    error.serverCode === 'InvalidCursor' ||
    (error.serverCode === 'ParameterInvalid' && /cursor/i.test(error.message))
  );
}

function numberOf(cursor: string): bigint {
  const number = cursorNumber(cursor);
  if (number === undefined) throw new UpstreamContractError('a cursor of SLS holds no number');
  return number;
}
