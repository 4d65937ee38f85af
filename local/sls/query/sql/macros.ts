/** Functions of DuckDB's own language that the translation of Presto's SQL builds on; made once per engine. */
export const MACROS: readonly string[] = [];
