/**
 * Cuts a file into its records and says of each where it ends, so that a run can go on behind any of them. The cut
 * is made in bytes: a chunk may end within a character, within a quoted field, or between CR and LF.
 */
export interface RawRecord {
  /** Line on which the record begins, from 1. */
  readonly line: number;
  readonly text: string;
  /** Byte offset just behind the record and its line end. */
  readonly endOffset: number;
  /** Line that `endOffset` stands on. */
  readonly endLine: number;
  /** Over the limit: `text` is empty. */
  readonly tooLong: boolean;
}

export interface RecordOptions {
  /** CSV: a line end within quotes belongs to its field. */
  readonly quotes: boolean;
  readonly startOffset?: number;
  readonly startLine?: number;
}

/** Far above any transaction; a file without line ends must not fill the memory. */
const MAX_RECORD_BYTES = 65_536;
const [LF, QUOTE] = [0x0a, 0x22];

export async function* readRecords(
  chunks: AsyncIterable<Uint8Array>,
  { quotes, startOffset = 0, startLine = 1 }: RecordOptions,
): AsyncGenerator<RawRecord> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let offset = startOffset;
  let beginLine = startLine;
  let line = startLine;
  let quoted = false;
  const finish = (): RawRecord => {
    const tooLong = size > MAX_RECORD_BYTES;
    const text = tooLong
      ? ''
      : Buffer.concat(parts)
          .toString('utf8')
          .replace(/\r?\n$/, '');
    const record = { line: beginLine, text, endOffset: offset, endLine: line, tooLong };
    parts = [];
    size = 0;
    quoted = false;
    beginLine = line;
    return record;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (quotes && byte === QUOTE) quoted = !quoted;
      if (byte !== LF) continue;
      line += 1;
      // A quote that is never closed would swallow the rest of the file: the limit ends it at a line end.
      const length = size + at + 1 - from;
      if (quoted && length <= MAX_RECORD_BYTES) continue;
      offset += at + 1 - from;
      if (length <= MAX_RECORD_BYTES) parts.push(chunk.subarray(from, at + 1));
      size = length;
      from = at + 1;
      yield finish();
    }
    const rest = chunk.length - from;
    offset += rest;
    size += rest;
    if (size <= MAX_RECORD_BYTES) parts.push(chunk.subarray(from));
    else parts = [];
  }
  if (size > 0) yield finish();
}
