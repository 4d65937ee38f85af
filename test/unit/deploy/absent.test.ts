import { describe, expect, it } from '@jest/globals';
import { orAbsent } from '../../../deploy/resources/absent.ts';
import { SlsError, UpstreamNetworkError } from '../../../shared/errors.ts';

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
