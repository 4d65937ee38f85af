import { describe, expect, it } from '@jest/globals';
import {
  ConfigError,
  DeadlineError,
  ServiceError,
  SlsError,
  UpstreamContractError,
  UpstreamHttpError,
  UpstreamNetworkError,
  UpstreamTimeoutError,
} from '../../../shared/errors.ts';

describe('the error family', () => {
  it.each([
    [new ConfigError([{ path: 'QPS_LIMIT', message: 'must be a number' }]), 'CONFIG_INVALID', false],
    [new UpstreamHttpError(500, 'InternalError', 'r'), 'UPSTREAM_HTTP', true],
    [new UpstreamHttpError(400, 'InvalidParameter'), 'UPSTREAM_HTTP', false],
    [new UpstreamNetworkError('reset'), 'UPSTREAM_NETWORK', true],
    [new UpstreamTimeoutError('late'), 'UPSTREAM_TIMEOUT', true],
    [new UpstreamContractError('no JSON'), 'UPSTREAM_CONTRACT', true],
    [new DeadlineError('near'), 'DEADLINE_NEAR', true],
  ])('%s has code %s and retryable %s', (error, code, retryable) => {
    expect(error).toBeInstanceOf(ServiceError);
    expect(error.code).toBe(code);
    expect(error.retryable).toBe(retryable);
  });

  it.each([
    [500, 'InternalServerError', true],
    [503, 'ServerBusy', true],
    [403, 'WriteQuotaExceed', true],
    [403, 'ShardReadQuotaExceed', true],
    [403, 'MetaOperationQpsLimitExceeded', true],
    [403, 'ProjectForbidden', false],
    [400, 'PostBodyInvalid', false],
    [401, 'Unauthorized', false],
    [404, 'LogStoreNotExist', false],
  ])('SLS %i %s: retryable %s', (status, serverCode, retryable) => {
    expect(new SlsError(status, serverCode, 'text').retryable).toBe(retryable);
  });

  it('carries the cause, if there is one', () => {
    const cause = new Error('socket');
    const error = new UpstreamNetworkError('reset', { cause });
    expect(error.cause).toBe(cause);
    expect('cause' in new UpstreamNetworkError('reset')).toBe(false);
  });
});
