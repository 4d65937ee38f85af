/** The last millisecond that 13 digits hold, in the year 2286. */
const LAST_MS = 9_999_999_999_999;

/**
 * Orders the rows of one transaction as text: final answers over other final rows over provisional ones, then rows
 * that carry what a registration gave over rows that could not know of it, then the later question, then the
 * revision so that the choice never depends on the order of rows.
 */
export function viewKeyOf(row: {
  final: boolean;
  answered: boolean;
  /** Labels, the time of opening or a merchant's own id came with a registration. */
  given: boolean;
  askedAtMs: number | undefined;
  revision: string;
}): string {
  const rank = row.final ? (row.answered ? 3 : 2) : 1;
  const askedAtMs = Math.min(row.askedAtMs ?? 0, LAST_MS);
  return `${rank}${row.given ? 1 : 0}${String(askedAtMs).padStart(13, '0')}${row.revision}`;
}
