import type { Credentials, CredentialsProvider } from '../credentials.ts';
import { credentialsOf, type FcContext } from './context.ts';
import { ProblemError } from './problem.ts';

/**
 * The newest keys of the function's role. They belong to the instance, not to a request: FC hands out the same
 * role's keys with every invocation, and whichever came last is good for every call under way. So that the
 * clients and their connections outlive a request, they ask this for keys instead of being made with them.
 */
export interface RoleCredentials {
  /** Takes the keys of an invocation, if it brought any. */
  refresh(context: FcContext): void;
  /** @throws ProblemError CREDENTIALS_MISSING */
  readonly provide: CredentialsProvider & (() => Credentials);
}

export function createRoleCredentials(environment: Parameters<typeof credentialsOf>[1]): RoleCredentials {
  let newest = credentialsOf({ requestId: '' }, environment);
  return {
    refresh(context) {
      newest = credentialsOf(context, {}) ?? newest;
    },
    provide() {
      if (newest === undefined) {
        throw new ProblemError(
          'CREDENTIALS_MISSING',
          'Give the function a role: it was invoked without any keys.',
        );
      }
      return newest;
    },
  };
}
