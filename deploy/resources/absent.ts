import { SlsError } from '../../shared/errors.ts';

const PARENT_GONE = new Set(['ProjectNotExist', 'LogStoreNotExist']);

/** undefined when the service says that the thing itself is not there. That what it lives in is missing stays an error. */
export async function orAbsent<T>(
  read: () => Promise<T>,
  alsoAbsent: readonly string[] = [],
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SlsError)) throw error;
    if (alsoAbsent.includes(error.serverCode)) return undefined;
    if (PARENT_GONE.has(error.serverCode)) throw error;
    // Documents that are not there are a 404 or a 400 ParameterInvalid, depending on the kind and on who tells.
    if (error.status === 404 || /not ?exist/i.test(error.message)) return undefined;
    throw error;
  }
}
