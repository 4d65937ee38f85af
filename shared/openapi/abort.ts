/**
 * Many calls under way share one signal. A listener for each costs more than the rest of sending a request, and
 * taking one off again searches through all: so there is one listener per signal, and a set behind it.
 */
const watched = new WeakMap<AbortSignal, { calls: Set<() => void>; listener: () => void }>();

/** Calls back once when the signal is aborted; answers how to be left out of it. The signal must not be aborted yet. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  let entry = watched.get(signal);
  if (entry === undefined) {
    const calls = new Set<() => void>();
    entry = { calls, listener: () => [...calls].forEach((each) => void each()) };
    signal.addEventListener('abort', entry.listener, { once: true });
    watched.set(signal, entry);
  }
  const { calls, listener } = entry;
  calls.add(call);
  return () => {
    calls.delete(call);
    // A signal that is listened to may be kept alive by the platform.
    if (calls.size > 0 || watched.get(signal)?.calls !== calls) return;
    signal.removeEventListener('abort', listener);
    watched.delete(signal);
  };
}
