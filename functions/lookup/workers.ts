/** Runs a task for each item, at most `limit` at a time, begun in order. @throws what the first task to fail threw */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries();
  const worker = async () => {
    // All workers take from one iterator, so that each item is taken once.
    for (const [index, item] of entries) await task(item, index);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
