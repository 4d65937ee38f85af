import { describe, expect, it } from '@jest/globals';
import { RETURN_CODES } from '../../../../local/cloudauth/return-codes.ts';
import { DOCUMENTED_CODES, toOutcome } from '../../../../shared/cloudauth/outcome.ts';

/** The local service lists the codes of the vendor's page by itself: what it can return, the product must know. */
describe('a return code that the local CheckVerifyLog knows', () => {
  const failures = Object.entries(RETURN_CODES).filter(([code]) => code !== 'Success');
  const outcomeOf = (code: string, status: number) =>
    toOutcome({ status, headers: {}, body: Buffer.from(JSON.stringify({ Code: code, Message: 'm' })) });

  it.each(failures)('%s is understood and may be named to a caller', (code, { status }) => {
    expect(outcomeOf(code, status)).not.toMatchObject({ reason: 'contract' });
    expect(DOCUMENTED_CODES).toContain(code);
  });

  it('the control: another code is neither', () => {
    expect(outcomeOf('Session.Locked', 404)).toMatchObject({ kind: 'failed', reason: 'contract' });
    expect(DOCUMENTED_CODES).not.toContain('Session.Locked');
  });
});
