import { describe, expect, it } from '@jest/globals';
import { onAbort } from '../../../../shared/openapi/transport.ts';

function counting() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  }) as typeof signal.addEventListener;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  }) as typeof signal.removeEventListener;
  return { controller, signal, listeners: () => listeners };
}

describe('onAbort', () => {
  it('calls everybody who is still in, once', () => {
    const { controller, signal } = counting();
    const called: string[] = [];
    onAbort(signal, () => called.push('a'));
    const leave = onAbort(signal, () => called.push('b'));
    onAbort(signal, () => called.push('c'));
    leave();
    controller.abort();
    controller.abort();
    expect(called).toEqual(['a', 'c']);
  });

  it('keeps one listener while anybody is in, and none after', () => {
    const { signal, listeners } = counting();
    const leaves = Array.from({ length: 50 }, () => onAbort(signal, () => undefined));
    expect(listeners()).toBe(1);
    for (const leave of leaves) leave();
    expect(listeners()).toBe(0);
    const leave = onAbort(signal, () => undefined);
    expect(listeners()).toBe(1);
    leave();
    leave();
    leaves[0]?.();
    expect(listeners()).toBe(0);
  });

  it('those who leave while they are called do no harm', () => {
    const { controller, signal } = counting();
    const called: number[] = [];
    const leaves: (() => void)[] = [0, 1, 2].map((number) =>
      onAbort(signal, () => {
        called.push(number);
        for (const leave of leaves) leave();
      }),
    );
    controller.abort();
    expect(called).toEqual([0, 1, 2]);
  });
});
