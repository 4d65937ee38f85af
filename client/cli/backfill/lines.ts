/**
 * Cuts a file into its lines and says of each where it ends, so that a run can go on behind any of them. The cut is
 * made in bytes: a chunk may end within a character, or between CR and LF.
 */
export interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Byte offset just behind the line and its end. */
  readonly endOffset: number;
  /** Over the limit: `text` is empty. */
  readonly tooLong: boolean;
}

export interface LineOptions {
  readonly startOffset?: number;
  readonly startLine?: number;
}

/** Far above any transaction; a file without line ends must not fill the memory. */
const MAX_LINE_BYTES = 65_536;
const LF = 0x0a;

export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { startOffset = 0, startLine = 1 }: LineOptions = {},
): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let endOffset = startOffset;
  let line = startLine;
  const add = (bytes: Uint8Array) => {
    endOffset += bytes.length;
    size += bytes.length;
    if (size <= MAX_LINE_BYTES) parts.push(bytes);
    else parts = [];
  };
  const finish = (): Line => {
    const text = Buffer.concat(parts)
      .toString('utf8')
      .replace(/\r?\n$/, '');
    const record = { line, text, endOffset, tooLong: size > MAX_LINE_BYTES };
    parts = [];
    size = 0;
    line += 1;
    return record;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, at + 1));
      from = at + 1;
      yield finish();
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (size > 0) yield finish();
}
