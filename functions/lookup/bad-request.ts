import type { Issue } from '../../shared/errors.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import type { Parsed } from './request-schema.ts';

/** One thing is wrong with the request; the empty path is its whole body. */
export function badRequest(path: string, message: string): ProblemError {
  return notValid([{ path, message }]);
}

/** The value. @throws ProblemError INPUT_INVALID with the paths of what is wrong */
export function valid<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw notValid(parsed.issues);
}

function notValid(issues: readonly Issue[]): ProblemError {
  return new ProblemError('INPUT_INVALID', 'The request is not valid.', { issues });
}
