import { describe, expect, it } from '@jest/globals';
import { explain } from '../../../deploy/component.ts';
import { TakenError } from '../../../deploy/resources/resource.ts';
import { SlsError, UpstreamNetworkError, UpstreamTimeoutError } from '../../../shared/errors.ts';

const ENDPOINT = 'ap-southeast-1.log.aliyuncs.com';

describe('explain', () => {
  it.each([
    [
      'a right that is missing',
      new SlsError(
        401,
        'Unauthorized',
        'denied by sts or ram, action: log:CreateLogStore, resource: acs:log:ap-southeast-1:1:project/p/logstore/l',
      ),
      /lacks the right log:CreateLogStore on acs:log:ap-southeast-1:1:project\/p\/logstore\/l: grant it/,
    ],
    [
      'a right that is missing, unnamed',
      new SlsError(403, 'Forbidden', 'no'),
      /SLS refused .*check the deploying user's rights/,
    ],
    ['a wrong key', new SlsError(401, 'InvalidAccessKeyId', 'no'), /does not accept the access key/],
    ['a wrong secret', new SlsError(401, 'SignatureNotMatch', 'no'), /does not accept the access key/],
    [
      'an old token',
      new SlsError(401, 'Unauthorized', 'The security token you provided has expired'),
      /expired: renew/,
    ],
    ['a slow service', new SlsError(404, 'LogStoreNotExist', 'x'), /wait a minute, then deploy again/],
    [
      'a name that is taken',
      new TakenError({ kind: 'project', name: 'p' }, 'is not ours'),
      /^project p is there already and is not ours$/,
    ],
    ['a wrong host', new UpstreamNetworkError('x'), /ap-southeast-1\.log\.aliyuncs\.com does not answer/],
    ['a slow host', new UpstreamTimeoutError('x'), /does not answer/],
    [
      'anything else of SLS',
      new SlsError(400, 'ParameterInvalid', 'bad', { requestId: 'R1' }),
      /ParameterInvalid: bad \(request R1\)/,
    ],
    ['a bug', new TypeError('boom'), /^boom$/],
  ])('says %s in one line', (_what, error, expected) => {
    const line = explain(error, ENDPOINT);
    expect(line).toMatch(expected);
    expect(line).not.toContain('\n');
  });
});
