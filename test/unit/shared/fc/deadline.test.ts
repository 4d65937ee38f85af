import { afterEach, describe, expect, it } from '@jest/globals';
import { DeadlineError } from '../../../../shared/errors.ts';
import { type Deadline, startDeadline } from '../../../../shared/fc/deadline.ts';
import { until } from '../../../support/until.ts';

const open: Deadline[] = [];
afterEach(() => {
  for (const deadline of open.splice(0)) deadline.close();
});
const start = (timeout: unknown, now = () => 1_000) => {
  const deadline = startDeadline({ requestId: '', function: { timeout } } as never, now);
  open.push(deadline);
  return deadline;
};

describe('the deadline of an invocation', () => {
  it.each([
    [60, 58_500],
    [600, 598_500],
    [3, 1_500],
    [1, 500],
    [undefined, 58_500],
    [0, 58_500],
    [-1, 58_500],
    ['60', 58_500],
    [Number.NaN, 58_500],
  ])('with a timeout of %s s leaves %d ms', (timeout, expected) => {
    expect(start(timeout).remainingMs()).toBe(expected);
  });

  it('counts down, and not below nothing', () => {
    let now = 1_000;
    const deadline = start(10, () => now);
    now += 8_000;
    expect(deadline.remainingMs()).toBe(500);
    now += 8_000;
    expect(deadline.remainingMs()).toBe(0);
  });

  it('aborts what is under way when it is reached, and not once it is closed', async () => {
    const closed = start(0.1);
    closed.close();
    // Due after the other would have been.
    const reached = start(0.12);
    await until(() => reached.signal.aborted);
    expect(reached.signal.reason).toBeInstanceOf(DeadlineError);
    expect(closed.signal.aborted).toBe(false);
  });
});
