import { describe, expect, it } from '@jest/globals';
import {
  ConfigError,
  DeadlineError,
  SlsError,
  UpstreamContractError,
  UpstreamHttpError,
  UpstreamNetworkError,
  UpstreamTimeoutError,
} from '../../../../shared/errors.ts';
import {
  jsonResponse,
  ProblemError,
  problemResponse,
  toProblemError,
} from '../../../../shared/fc/response.ts';

const CANARY = 'canary-5f3a';

describe('an error becomes a problem', () => {
  it.each([
    [new ConfigError([{ path: 'A', message: CANARY }]), 500, 'CONFIG_INVALID', undefined],
    [new UpstreamHttpError(500, CANARY, CANARY), 502, 'UPSTREAM_HTTP', 5],
    [new UpstreamHttpError(400, CANARY, CANARY), 502, 'UPSTREAM_HTTP', undefined],
    [new UpstreamNetworkError(CANARY), 502, 'UPSTREAM_NETWORK', 5],
    [new UpstreamTimeoutError(CANARY), 504, 'UPSTREAM_TIMEOUT', 5],
    [new UpstreamContractError(CANARY), 502, 'UPSTREAM_CONTRACT', 5],
    [new SlsError(403, 'WriteQuotaExceed', CANARY), 503, 'SLS', 5],
    [new SlsError(400, 'ParameterInvalid', CANARY), 503, 'SLS', undefined],
    [new DeadlineError(CANARY), 504, 'DEADLINE_NEAR', 5],
    [new TypeError(CANARY), 500, 'INTERNAL', undefined],
    [CANARY, 500, 'INTERNAL', undefined],
    [null, 500, 'INTERNAL', undefined],
  ])('%s', (error, status, code, retryAfter) => {
    const response = problemResponse(toProblemError(error), 'r-1');
    expect(response.statusCode).toBe(status);
    expect(response.isBase64Encoded).toBe(false);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.headers['retry-after']).toBe(retryAfter === undefined ? undefined : String(retryAfter));
    const problem = JSON.parse(response.body);
    expect(problem).toMatchObject({ status, code, requestId: 'r-1' });
    expect(problem.retryAfterSeconds).toBe(retryAfter);
    expect(Object.keys(problem)).toEqual(
      expect.arrayContaining(['type', 'title', 'status', 'detail', 'code', 'requestId']),
    );
    // What an error says is for the log; only what was written for the caller reaches the caller.
    expect(JSON.stringify(response)).not.toContain(CANARY);
  });

  it('keeps the issues of what a caller sent, a hundred at most', () => {
    const issues = Array.from({ length: 150 }, (_, index) => ({
      path: `transactions[${index}]`,
      message: 'is bad',
    }));
    const problem = JSON.parse(
      problemResponse(new ProblemError('INPUT_INVALID', 'The request is not valid.', { issues }), '').body,
    );
    expect(problem.status).toBe(400);
    expect(problem.issues).toEqual(issues.slice(0, 100));
  });

  it('sends the headers of a refusal', () => {
    const error = new ProblemError('METHOD_NOT_ALLOWED', 'x', { headers: { allow: 'GET' } });
    expect(problemResponse(error, '').headers).toMatchObject({ allow: 'GET', 'cache-control': 'no-store' });
  });
});

it('an answer is always whole', () => {
  expect(jsonResponse(202, { a: 1 }, { x: 'y' })).toEqual({
    statusCode: 202,
    isBase64Encoded: false,
    body: '{"a":1}',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      x: 'y',
    },
  });
});
