import { SlsError } from '../../shared/errors.ts';

const PARENT_GONE = new Set(['ProjectNotExist', 'LogStoreNotExist']);

/** undefined for a 404 about the thing itself. That what it lives in is missing stays an error. */
export async function orAbsent<T>(
  read: () => Promise<T>,
  alsoAbsent: readonly string[] = [],
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SlsError)) throw error;
    if (alsoAbsent.includes(error.serverCode)) return undefined;
    if (error.status === 404 && !PARENT_GONE.has(error.serverCode)) return undefined;
    throw error;
  }
}
