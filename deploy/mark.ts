/**
 * How this project knows its own things in an account that may hold many others. A project, a dashboard and an
 * alert carry the mark in their description, a saved search in its display name. Logstores, indexes and consumer
 * groups have no place for it: inside a project that carries the mark, the names of `deploy/logstores.ts` are ours.
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
