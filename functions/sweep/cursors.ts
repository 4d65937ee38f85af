import { SlsError, UpstreamContractError } from '../../shared/errors.ts';
import { cursorNumber } from '../../shared/sls/cursor.ts';

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
  if (number === undefined) throw new UpstreamContractError('a cursor holds no number');
  return number;
}
