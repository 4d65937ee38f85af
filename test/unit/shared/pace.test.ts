import { describe, expect, it } from '@jest/globals';
import { Pacer } from '../../../shared/pace.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** What the service admits: each model is a reading of "n calls a second" that a real gateway may have. */
type Quota = (arrivalMs: number) => boolean;

/** At most n admitted in any sliding second. */
function slidingQuota(limit: number): Quota {
  const admitted: number[] = [];
  return (atMs) => {
    while (admitted.length > 0 && (admitted[0] ?? 0) <= atMs - 1_000) admitted.shift();
    if (admitted.length >= limit) return false;
    admitted.push(atMs);
    return true;
  };
}

/** At most n admitted in each second of the clock. */
function calendarQuota(limit: number): Quota {
  let second = 0;
  let count = 0;
  return (atMs) => {
    const now = Math.floor(atMs / 1_000);
    count = now === second ? count + 1 : 1;
    second = now;
    return count <= limit;
  };
}

/** n tokens a second, a tenth of a second's worth kept. */
function bucketQuota(limit: number): Quota {
  let tokens = limit / 10;
  let lastMs: number | undefined;
  return (atMs) => {
    tokens = Math.min(limit / 10 + 1, tokens + ((atMs - (lastMs ?? atMs)) * limit) / 1_000);
    lastMs = atMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

interface Seen {
  readonly atMs: number;
  readonly admitted: boolean;
}

/** Keeps up to 64 calls under way for a time, and says what the service saw. */
async function drive(options: {
  pace: number;
  limit?: number;
  seconds: number;
  latencyMs?: (call: number) => number;
  quota: Quota;
  beforeCall?: (clock: VirtualClock, call: number) => void;
}): Promise<Seen[]> {
  const clock = new VirtualClock();
  const pacer = new Pacer({
    ratePerSecond: options.pace,
    ...(options.limit === undefined ? {} : { limitPerSecond: options.limit }),
    clock,
  });
  const startMs = clock.now();
  const endMs = startMs + options.seconds * 1_000;
  const seen: Seen[] = [];
  let calls = 0;
  const worker = async () => {
    while (clock.now() < endMs) {
      const ticket = await pacer.take();
      options.beforeCall?.(clock, calls);
      const latencyMs = options.latencyMs?.(calls) ?? 20;
      calls += 1;
      await clock.sleep(latencyMs / 2);
      const atMs = clock.now();
      const admitted = options.quota(atMs);
      seen.push({ atMs: atMs - startMs, admitted });
      await clock.sleep(latencyMs / 2);
      if (admitted) pacer.accepted();
      else pacer.throttled(ticket);
    }
  };
  await clock.run(Promise.all(Array.from({ length: 64 }, worker)));
  return seen;
}

function busiestSecond(seen: readonly Seen[]): number {
  const times = seen.map(({ atMs }) => atMs).sort((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (let to = 0; to < times.length; to += 1) {
    while ((times[from] ?? 0) <= (times[to] ?? 0) - 1_000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

const between = (seen: readonly Seen[], fromMs: number, toMs: number) =>
  seen.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
const count = (seen: readonly Seen[], admitted: boolean) =>
  seen.filter((call) => call.admitted === admitted).length;

describe('a pace below the limit', () => {
  it.each([
    [160, 200],
    [8, 10],
    [2.4, 3],
    [0.8, 1],
    [800, 1_000],
  ])('%d/s is reached to 97 %% and never exceeds %d in a sliding second', async (pace, limit) => {
    const seen = await drive({ pace, limit, seconds: 30, quota: () => true });
    expect(count(between(seen, 0, 30_000), true)).toBeGreaterThanOrEqual(Math.floor(0.97 * pace * 30));
    expect(busiestSecond(seen)).toBeLessThanOrEqual(limit);
  });

  it('makes up for a stalled event loop without a burst', async () => {
    const seen = await drive({
      pace: 160,
      limit: 200,
      seconds: 30,
      quota: () => true,
      // 60 ms, every second or so: a large answer being parsed, a garbage collection; and half a second once.
      beforeCall: (clock, call) => {
        if (call % 160 === 159) clock.set(clock.now() + (call === 1_599 ? 500 : 60));
      },
    });
    expect(count(between(seen, 0, 30_000), true)).toBeGreaterThanOrEqual(0.97 * 160 * 30);
    expect(busiestSecond(seen)).toBeLessThanOrEqual(200);
    // In any tenth of a second: the pace of 16 and a third more, plus one at each edge.
    const tenths = between(seen, 0, 30_000).map(({ atMs }) => Math.floor(atMs / 100));
    const most = Math.max(...[...new Set(tenths)].map((tenth) => tenths.filter((t) => t === tenth).length));
    expect(most).toBeLessThanOrEqual(24);
  });

  it.each([100, 300])('does not depend on a latency of %d ms', async (latency) => {
    const seen = await drive({ pace: 160, seconds: 30, latencyMs: () => latency, quota: () => true });
    expect(count(between(seen, 0, 30_000), true)).toBeGreaterThanOrEqual(0.97 * 160 * 30);
  });

  it('spreads the calls that waited while nothing was asked', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer({ ratePerSecond: 10, clock });
    await clock.run(pacer.take());
    await clock.run(clock.sleep(60_000));
    const starts: number[] = [];
    await clock.run(
      Promise.all(Array.from({ length: 5 }, () => pacer.take().then(() => starts.push(clock.now())))),
    );
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(75);
  });
});

describe('a true limit below what is configured', () => {
  const models = [
    ['sliding', slidingQuota],
    ['calendar', calendarQuota],
    ['bucket', bucketQuota],
  ] as const;
  const cases = models.flatMap(([name, quota]) =>
    [
      [100, 160],
      [5, 8],
      [50, 160],
      [40, 40],
    ].map(([limit = 0, pace = 0]) => [name, limit, pace, quota] as const),
  );

  it.each(cases)('%s quota of %d under a pace of %d', async (_name, limit, pace, quota) => {
    const seen = await drive({ pace, seconds: 70, quota: quota(limit) });
    const settled = between(seen, 10_000, 70_000);
    expect(count(settled, true)).toBeGreaterThanOrEqual(0.9 * limit * 60);
    expect(count(settled, false)).toBeLessThan(0.03 * settled.length);
  });

  it('the control: the same pace without listening loses a third of its calls', async () => {
    const quota = slidingQuota(100);
    const starts = Array.from({ length: 160 * 60 }, (_, call) => quota((call * 1_000) / 160));
    expect(starts.filter((admitted) => !admitted).length).toBeGreaterThan(0.3 * starts.length);
  });

  it('follows a limit that falls under way and comes back', async () => {
    const narrow = slidingQuota(20);
    const wide = slidingQuota(200);
    let startMs: number | undefined;
    const seen = await drive({
      pace: 160,
      seconds: 200,
      quota: (atMs) => {
        startMs ??= atMs;
        const second = (atMs - startMs) / 1_000;
        const isNarrow = second >= 20 && second < 60;
        const [narrowTook, wideTook] = [isNarrow && narrow(atMs), !isNarrow && wide(atMs)];
        return narrowTook || wideTook;
      },
    });
    const low = between(seen, 30_000, 60_000);
    expect(count(low, true)).toBeGreaterThanOrEqual(0.9 * 20 * 30);
    expect(count(low, false)).toBeLessThan(0.03 * low.length);
    const back = between(seen, 150_000, 200_000);
    expect(count(back, true)).toBeGreaterThanOrEqual(0.97 * 160 * 50);
  });

  it('keeps asking slowly when everything is refused, and has recovered when the ceiling is forgotten', async () => {
    let startMs: number | undefined;
    const seen = await drive({
      pace: 160,
      seconds: 110,
      quota: (atMs) => {
        startMs ??= atMs;
        const second = (atMs - startMs) / 1_000;
        return second < 5 || second > 15;
      },
    });
    const refused = between(seen, 8_000, 15_000);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(7 * 25);
    expect(count(between(seen, 95_000, 105_000), true)).toBeGreaterThan(0.95 * 160 * 10);
  });

  it('is not driven to a standstill by refusals that have nothing to do with the rate', async () => {
    let state = 7;
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    };
    const seen = await drive({ pace: 160, seconds: 60, quota: () => random() > 0.01 });
    expect(count(seen, true)).toBeGreaterThan(20 * 60);
  });
});

describe('what the service and the system say', () => {
  async function throttledOnce(retryAfterMs: number | undefined): Promise<number> {
    const clock = new VirtualClock();
    const pacer = new Pacer({ ratePerSecond: 10, clock });
    const ticket = await clock.run(pacer.take());
    pacer.throttled(ticket, retryAfterMs);
    const atMs = clock.now();
    await clock.run(pacer.take());
    return clock.now() - atMs;
  }

  it('waits as long as Retry-After asks', async () => {
    expect(await throttledOnce(4_000)).toBe(4_000);
  });

  it('does not trust a Retry-After beyond ten seconds', async () => {
    expect(await throttledOnce(3_600_000)).toBe(10_000);
  });

  it('does not hang when the clock is set back', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer({ ratePerSecond: 10, clock });
    for (let i = 0; i < 5; i += 1) await clock.run(pacer.take());
    const atMs = clock.now() - 3_600_000;
    clock.set(atMs);
    await clock.run(pacer.take());
    expect(clock.now() - atMs).toBeLessThan(1_000);
  });

  it('gives up waiting when its caller does, and the next in line is not held up', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer({ ratePerSecond: 1, clock });
    await clock.run(pacer.take());
    const controller = new AbortController();
    const first = pacer.take(controller.signal);
    const second = pacer.take();
    controller.abort(new Error('no longer wanted'));
    await expect(clock.run(first)).rejects.toThrow('no longer wanted');
    await expect(clock.run(second)).resolves.toBeDefined();
  });

  it('starts the first call at once and the next one a spacing later', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer({ ratePerSecond: 4, clock });
    const startedAtMs = clock.now();
    await clock.run(pacer.take());
    expect(clock.now() - startedAtMs).toBe(0);
    await clock.run(pacer.take());
    expect(clock.now() - startedAtMs).toBe(250);
    expect(pacer.ratePerSecond).toBe(4);
  });
});

describe('what the pacer does after a throttled call, by the numbers of its description', () => {
  /** Works at 20 a second for two seconds, every call accepted at once; then one call more is begun. */
  async function atWork(rate = 20) {
    const clock = new VirtualClock();
    const pacer = new Pacer({ ratePerSecond: rate, clock });
    for (let call = 0; call < 2 * rate; call += 1) {
      await clock.run(pacer.take());
      pacer.accepted();
    }
    const begin = () => clock.run(pacer.take());
    return { clock, pacer, begin };
  }

  it('falls to 95 % of what was accepted in the last second', async () => {
    const { pacer, begin } = await atWork();
    pacer.throttled(await begin());
    expect(pacer.ratePerSecond).toBeGreaterThanOrEqual(0.95 * 19);
    expect(pacer.ratePerSecond).toBeLessThanOrEqual(0.95 * 20);
  });

  it('halves when a call begun since is throttled within two seconds', async () => {
    const { clock, pacer, begin } = await atWork();
    pacer.throttled(await begin());
    const next = await begin();
    clock.set(clock.now() + 500);
    const before = pacer.ratePerSecond;
    pacer.throttled(next);
    expect(pacer.ratePerSecond).toBeCloseTo(before / 2, 5);
  });

  it('does not halve when that call is throttled later than that', async () => {
    const { clock, pacer, begin } = await atWork();
    pacer.throttled(await begin());
    const next = await begin();
    clock.set(clock.now() + 2_500);
    for (let call = 0; call < 12; call += 1) pacer.accepted();
    pacer.throttled(next);
    expect(pacer.ratePerSecond).toBeCloseTo(0.95 * 12, 5);
  });

  it('a call that was under way when it fell changes nothing', async () => {
    const { pacer, begin } = await atWork();
    const [first, underWay] = [await begin(), await begin()];
    pacer.throttled(first);
    const before = pacer.ratePerSecond;
    pacer.throttled(underWay);
    expect(pacer.ratePerSecond).toBe(before);
  });

  it('is back at the ceiling about a second later, and stays close to it for a minute', async () => {
    const { clock, pacer, begin } = await atWork();
    pacer.throttled(await begin());
    const ceiling = pacer.ratePerSecond;
    const next = await begin();
    pacer.throttled(next);
    expect(pacer.ratePerSecond).toBeLessThan(0.6 * ceiling);
    clock.set(clock.now() + 1_000);
    // Throttled while recovering: the ceiling was up to a fifth too high.
    expect(pacer.ratePerSecond).toBeGreaterThanOrEqual(0.8 * ceiling - 1e-9);
    for (let second = 0; second < 8; second += 1) {
      const before = pacer.ratePerSecond;
      clock.set(clock.now() + 1_000);
      expect(pacer.ratePerSecond - before).toBeLessThanOrEqual(0.01 * before + 1e-9);
    }
  });

  it('forgets the ceiling after a minute: then it regains a tenth of the pace a second', async () => {
    const { clock, pacer, begin } = await atWork();
    for (let halving = 0; halving < 3; halving += 1) pacer.throttled(await begin());
    for (let second = 0; second < 61; second += 1) {
      clock.set(clock.now() + 1_000);
      void pacer.ratePerSecond;
    }
    const before = pacer.ratePerSecond;
    expect(before).toBeLessThan(18.5);
    clock.set(clock.now() + 500);
    expect(pacer.ratePerSecond - before).toBeCloseTo(1, 5);
  });
});
