/**
 * How far a test goes. `npm test` keeps a small version of every promise; `npm run test:deep` sets IDV_TEST_DEPTH=deep
 * and runs, in full, each test file that reads this one.
 */
export type Depth = 'quick' | 'deep';

const DEPTHS: readonly string[] = ['quick', 'deep'] satisfies Depth[];

/** @throws when the depth is not one of those above: a misspelt one must not pass for a deep run */
export function readDepth(text: string | undefined): Depth {
  const depth = text === undefined || text === '' ? 'quick' : text;
  if (!DEPTHS.includes(depth))
    throw new Error(`IDV_TEST_DEPTH must be ${DEPTHS.join(' or ')}, not "${depth}"`);
  return depth as Depth;
}

/**
 * Where a model's histories begin: the same everywhere, so that a run is red for what changed and not for its luck.
 * `IDV_TEST_SEED=N` draws others.
 */
export const SEED = Number(process.env.IDV_TEST_SEED ?? 20_261_124);

/** How many cases, transactions, seconds …: what the present run's depth asks for. */
export function cases(howMany: Readonly<Record<Depth, number>>): number {
  return howMany[readDepth(process.env.IDV_TEST_DEPTH)];
}
