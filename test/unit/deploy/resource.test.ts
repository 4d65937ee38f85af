import { describe, expect, it } from '@jest/globals';
import {
  contains,
  differingKeys,
  isMarked,
  marked,
  orAbsent,
  PROJECT_DESCRIPTION,
} from '../../../deploy/resources/resource.ts';
import { SlsError, UpstreamNetworkError } from '../../../shared/errors.ts';

describe('contains', () => {
  it.each([
    [{ a: 1, extra: 2 }, { a: 1 }, true],
    [{ a: { b: 1, more: 2 } }, { a: { b: 1 } }, true],
    [{ a: [1, 2] }, { a: [1, 2] }, true],
    [{ a: [{ b: 1, more: 2 }] }, { a: [{ b: 1 }] }, true],
    [{}, { a: undefined }, true],
    [{ a: 2 }, { a: 1 }, false],
    [{ a: '1' }, { a: 1 }, false],
    [{}, { a: 1 }, false],
    [{ a: [1, 2, 3] }, { a: [1, 2] }, false],
    [{ a: [2, 1] }, { a: [1, 2] }, false],
    [{ a: null }, { a: {} }, false],
    [undefined, { a: 1 }, false],
  ])('%j holds %j: %s', (current, wanted, expected) => {
    expect(contains(current, wanted)).toBe(expected);
  });

  it('names the keys that differ', () => {
    expect(differingKeys({ a: 1, b: 2, c: 3 }, { a: 1, b: 3, d: 4 })).toEqual(['b', 'd']);
  });
});

describe('the mark', () => {
  it('is put once, at the end', () => {
    expect(marked('text')).toBe('text (made by idv-dropoff)');
    expect(marked(marked('text'))).toBe(marked('text'));
    expect(marked('')).toBe('(made by idv-dropoff)');
  });

  it.each([
    ['text', false],
    [undefined, false],
    ['text (made by idv-dropoff)', true],
    [PROJECT_DESCRIPTION, true],
  ])('in %j: %s', (text, expected) => {
    expect(isMarked(text)).toBe(expected);
  });

  it('fits where SLS lets it stand', () => {
    expect(PROJECT_DESCRIPTION.length).toBeLessThanOrEqual(64);
    expect(PROJECT_DESCRIPTION).not.toMatch(/[<>'"\\`]/);
  });
});

const refused = (error: Error) => orAbsent(() => Promise.reject(error));

describe('orAbsent', () => {
  it('gives what is there', async () => {
    expect(await orAbsent(async () => 7)).toBe(7);
  });

  it.each([
    [404, 'DashboardNotExist', 'specified dashboard does not exist'],
    [404, 'JobNotExist', 'x'],
    [400, 'ParameterInvalid', 'specified savedsearch does not exist'],
    [400, 'IndexConfigNotExist', 'logstore without index config'],
  ])('takes %i %s for absent', async (status, code, message) => {
    expect(await refused(new SlsError(status, code, message))).toBeUndefined();
  });

  it.each([
    [new SlsError(404, 'ProjectNotExist', 'x')],
    [new SlsError(404, 'LogStoreNotExist', 'logstore x does not exist')],
    [new SlsError(401, 'Unauthorized', 'x')],
    [new SlsError(400, 'ParameterInvalid', 'bad name')],
    [new UpstreamNetworkError('x')],
  ])('does not take %p for absent', async (error) => {
    await expect(refused(error)).rejects.toBe(error);
  });

  it('takes a missing parent for absent where it is told so', async () => {
    const error = new SlsError(404, 'ProjectNotExist', 'x');
    expect(await orAbsent(() => Promise.reject(error), ['ProjectNotExist'])).toBeUndefined();
  });
});
