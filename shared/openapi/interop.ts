/**
 * The official packages are CommonJS with an `exports.default`. What a default import of them gives depends on
 * who loads them: Node's ES modules give the whole `exports`, a bundler may give `exports.default`.
 */
export function defaultOf<T>(imported: T): T {
  return (imported as { default?: T }).default ?? imported;
}
