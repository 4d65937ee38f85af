import { UpstreamContractError } from '../errors.ts';
import { one, type SlsAnswer } from './call.ts';
import { type DecodedGroup, decodeLogGroupList } from './codec.ts';
import { cursorAt, cursorNumber } from './cursor.ts';
import type { PulledGroup, PullResult } from './types.ts';

/** Makes a PullLogs answer into groups that know where they stand. @throws UpstreamContractError */
export function readPull(answer: SlsAnswer, asked: { cursor: string; endCursor?: string }): PullResult {
  const nextCursor = one(answer.headers['x-log-cursor']);
  if (nextCursor === undefined || nextCursor === '') {
    throw new UpstreamContractError('the pull did not say where to go on');
  }
  const decoded = decodeLogGroupList(answer.body);
  const result: PullResult = {
    groups: placeGroups(decoded, nextCursor, one(answer.headers['x-log-read-last-cursor'])),
    nextCursor,
    endOfCursor: one(answer.headers['x-log-end-of-cursor']) === '1',
    rawBytes: answer.body.length,
  };
  return asked.endCursor === undefined ? result : cutAtEnd(result, asked.endCursor);
}

/**
 * The answer names only the cursor of its last group; the others stand before it, one apart. Behind the last one
 * is the cursor that the server gave.
 */
function placeGroups(groups: DecodedGroup[], next: string, readLast: string | undefined): PulledGroup[] {
  if (groups.length === 0) return [];
  const last =
    readLast !== undefined && /^\d{1,19}$/.test(readLast) ? BigInt(readLast) : before(cursorNumber(next));
  if (last === undefined) throw new UpstreamContractError('the pull did not say where its groups stand');
  const first = last - BigInt(groups.length - 1);
  return groups.map((group, index) => ({
    ...group,
    cursor: cursorAt(first + BigInt(index)),
    nextCursor: index === groups.length - 1 ? next : cursorAt(first + BigInt(index + 1)),
  }));
}

function before(number: bigint | undefined): bigint | undefined {
  return number === undefined ? undefined : number - 1n;
}

/** A group at or past the end asked for is not due yet, even if the server sends it. */
function cutAtEnd(result: PullResult, endCursor: string): PullResult {
  const end = cursorNumber(endCursor);
  const next = cursorNumber(result.nextCursor);
  if (end === undefined || next === undefined || next <= end) return result;
  const groups = result.groups.filter(({ cursor }) => (cursorNumber(cursor) ?? end) < end);
  return { ...result, groups, nextCursor: endCursor };
}
