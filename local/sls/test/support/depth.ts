/** How many cases a test tries: with IDV_TEST_DEPTH=deep all of them, else a few of each kind. */
export function cases(howMany: { readonly quick: number; readonly deep: number }): number {
  return process.env.IDV_TEST_DEPTH === 'deep' ? howMany.deep : howMany.quick;
}
