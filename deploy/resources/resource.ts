import { SlsError } from '../../shared/errors.ts';

/** One thing that should be in SLS, and how to create or update it. `T` is its state as read. */
export interface Resource<T = unknown> {
  readonly kind: 'project' | 'logstore' | 'index' | 'consumer group' | 'saved search' | 'dashboard' | 'alert';
  readonly name: string;
  /** `idOf` of the thing it lives in: while that is absent this one is too, and is not read. */
  readonly parent?: string;
  /** undefined when it does not exist. */
  read(): Promise<T | undefined>;
  /** Why it is not ours, if it is not. */
  foreign(current: T): string | undefined;
  /** What differs from how it should be, in words. */
  differences(current: T): readonly string[];
  create(): Promise<void>;
  update(current: T): Promise<void>;
}

export function idOf({ kind, name }: Pick<Resource, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** Something with this name is there, and it is not ours. Nothing was changed. */
export class TakenError extends Error {
  override readonly name = 'TakenError';
  readonly code = 'TAKEN';

  constructor(resource: Pick<Resource, 'kind' | 'name'>, why: string) {
    super(`${idOf(resource)} is there already and ${why}`);
  }
}

/**
 * True when `wanted` is contained in `current`: additions by the service or by somebody else do not count. Lists must
 * agree element by element.
 */
export function contains(current: unknown, wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(current) &&
      current.length === wanted.length &&
      wanted.every((item, i) => contains(current[i], item))
    );
  }
  if (typeof wanted === 'object') {
    return (
      typeof current === 'object' &&
      current !== null &&
      Object.entries(wanted).every(([key, value]) =>
        contains((current as Record<string, unknown>)[key], value),
      )
    );
  }
  return current === wanted;
}

/** The top-level keys of `wanted` that `current` does not hold. */
export function differingKeys(current: object, wanted: object): string[] {
  return Object.entries(wanted)
    .filter(([key, value]) => !contains((current as Record<string, unknown>)[key], value))
    .map(([key]) => key);
}

const PARENT_GONE = new Set(['ProjectNotExist', 'LogStoreNotExist']);

/** Returns undefined if the service says that the thing itself does not exist. A missing parent is still an error. */
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
    // A document that does not exist is a 404 or a 400 ParameterInvalid, depending on its kind and the front end.
    if (error.status === 404 || /not ?exist/i.test(error.message)) return undefined;
    throw error;
  }
}

/**
 * How this project recognises its own things in an account that may hold many others. A project, a dashboard and an
 * alert carry the mark in their description, a saved search in its display name. Logstores, indexes and consumer
 * groups have no place for it: inside a project that carries the mark, the names of `logstores.ts` are ours.
 * What has no mark is never changed or deleted.
 */
export const MARK = 'made by idv-dropoff';

/** Description of the SLS project: at most 64 characters, none of <>'"\`. */
export const PROJECT_DESCRIPTION = `Identity verification drop-off, ${MARK}`;

export function isMarked(text: string | undefined): boolean {
  return text?.includes(MARK) === true;
}

/** The text with the mark at its end, once. */
export function marked(text: string): string {
  return isMarked(text) ? text : `${text} (${MARK})`.trimStart();
}
