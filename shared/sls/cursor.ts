import { SlsError, UpstreamContractError } from '../errors.ts';
import { one, type SlsResponse } from './call.ts';
import { type DecodedGroup, decodeLogGroupList } from './codec.ts';
import type { PulledGroup, PullResult } from './types.ts';

/**
 * Cursors are base64 of a decimal int64; the log groups of a shard stand at consecutive numbers. Evidence: the
 * official Go and Java SDKs compute the cursor of each pulled group that way (facts read 2026-11-23).
 */
const DECIMAL = /^-?\d{1,19}$/;

/** The number in a cursor, or undefined if it holds none. */
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

/** False for a checkpoint that somebody wrote by hand and that names no position. */
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
  if (number === undefined) throw new UpstreamContractError('SLS returned a cursor that holds no number');
  return number;
}

/** Decodes a response of PullLogs and gives each group its cursor. @throws UpstreamContractError */
export function readPull(response: SlsResponse, asked: { cursor: string; endCursor?: string }): PullResult {
  const nextCursor = one(response.headers['x-log-cursor']);
  if (nextCursor === undefined || nextCursor === '') {
    throw new UpstreamContractError(`${response.name} returned no next cursor`);
  }
  const decoded = decodeLogGroupList(response.body, response.name);
  const result: PullResult = {
    groups: placeGroups(decoded, nextCursor, response),
    nextCursor,
    rawBytes: response.body.length,
  };
  return asked.endCursor === undefined ? result : cutAtEnd(result, asked.endCursor);
}

/** The response names only the cursor of its last group; the others stand before it, one apart. */
function placeGroups(groups: DecodedGroup[], next: string, { name, headers }: SlsResponse): PulledGroup[] {
  if (groups.length === 0) return [];
  const readLast = one(headers['x-log-read-last-cursor']);
  const isNumber = readLast !== undefined && /^\d{1,19}$/.test(readLast);
  const behind = isNumber ? BigInt(readLast) + 1n : cursorNumber(next);
  if (behind === undefined) throw new UpstreamContractError(`${name} returned groups without their position`);
  const first = behind - BigInt(groups.length);
  return groups.map((group, index) => ({ ...group, cursor: cursorAt(first + BigInt(index)) }));
}

/** A group at or past the requested end is not due yet, even if the server sends it. */
function cutAtEnd(result: PullResult, endCursor: string): PullResult {
  const end = cursorNumber(endCursor);
  const next = cursorNumber(result.nextCursor);
  if (end === undefined || next === undefined || next <= end) return result;
  const groups = result.groups.filter(({ cursor }) => (cursorNumber(cursor) ?? end) < end);
  return { ...result, groups, nextCursor: endCursor };
}
