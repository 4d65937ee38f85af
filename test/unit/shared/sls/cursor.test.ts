import { describe, expect, it } from '@jest/globals';
import { SlsError, UpstreamContractError } from '../../../../shared/errors.ts';
import { isBefore, isCursor, isInvalidCursor } from '../../../../shared/sls/cursor.ts';

const cursor = (decimal: string) => Buffer.from(decimal).toString('base64');

describe('cursors', () => {
  it.each([
    ['9', '10', true],
    ['10', '9', false],
    ['5', '5', false],
    ['1447329401102130904', '1447329401102130905', true],
    ['9223372036854775806', '9223372036854775807', true],
  ])('%s is before %s: %s', (one, other, before) => {
    expect(isBefore(cursor(one), cursor(other))).toBe(before);
    expect(isBefore(cursor(one).replace(/=+$/, ''), cursor(other))).toBe(before);
  });

  it('what holds no number stands nowhere', () => {
    expect(isCursor(cursor('12'))).toBe(true);
    expect(isCursor('')).toBe(false);
    expect(isCursor(cursor('twelve'))).toBe(false);
    expect(() => isBefore(cursor('1'), cursor('x'))).toThrow(UpstreamContractError);
  });

  it.each([
    [new SlsError(400, 'InvalidCursor', 'gone'), true],
    [new SlsError(400, 'ParameterInvalid', 'Invalid cursor'), true],
    [new SlsError(400, 'ParameterInvalid', 'invalid shard id.'), false],
    [new SlsError(404, 'LogStoreNotExist', 'no cursor'), false],
    [new Error('InvalidCursor'), false],
  ])('%s is an invalid cursor: %s', (error, expected) => {
    expect(isInvalidCursor(error)).toBe(expected);
  });
});
