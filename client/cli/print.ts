/** Text from outside, safe for a terminal: without characters that move the cursor or change colours. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

/** Columns, each as wide as its widest cell; the last is not padded. */
export function columns(rows: ReadonlyArray<readonly string[]>, indent = ''): string {
  const widths = rows.reduce<number[]>((found, row) => {
    for (const [index, cell] of row.entries()) found[index] = Math.max(found[index] ?? 0, widthOf(cell));
    return found;
  }, []);
  return rows
    .map((row) =>
      `${indent}${row
        .map((cell, index) =>
          index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)),
        )
        .join('  ')}`.trimEnd(),
    )
    .join('\n');
}

/** Chinese characters take two cells. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(char)
      ? 2
      : 1;
  return width;
}

/** 1615 -> 1.6 s, 95000 -> 1 min 35 s */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const BAR_CELLS = 30;

export function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
}

export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
