/** What a batch of answered rows does to the outside world. */
export interface Effects {
  /** Records and events. */
  write(): Promise<void>;
  /** Rows that are asked about again. */
  append(): Promise<void>;
  checkpoint(): Promise<void>;
}

/**
 * The order is the promise: a row leaves the queue only when SLS has acknowledged everything that takes its
 * place. A crash between two steps repeats the batch; it never loses it.
 */
export async function takeEffect({ write, append, checkpoint }: Effects): Promise<void> {
  await write();
  await append();
  await checkpoint();
}
