import { CreateProjectRequest, type Project } from '@alicloud/sls20201230';
import { SlsError } from '../../shared/errors.ts';
import type { SlsControl } from '../sls-client.ts';
import { isMarked, orAbsent, PROJECT_DESCRIPTION, type Resource, TakenError } from './resource.ts';

/**
 * The project. Its name is unique among all customers of a region, so it may be taken by a stranger: creating it
 * then fails with ProjectAlreadyExist, and reading it with 401 or 404.
 */
export function projectResource(
  control: SlsControl,
  name: string,
  accountId: string | undefined,
): Resource<Project> {
  const itself = { kind: 'project', name } as const;
  const read = async () => {
    const found = await orAbsent(() => control.getProject(name), ['ProjectNotExist']);
    if (found !== undefined) control.expect(name);
    return found?.body;
  };
  const foreign = ({ description, owner }: Project) => {
    if (accountId !== undefined && owner !== undefined && owner !== '' && owner !== accountId) {
      return 'belongs to another account: choose another name';
    }
    if (isMarked(description)) return undefined;
    return `was not made by idv-dropoff: choose another name, or, to let idv-dropoff use it, set its description to "${PROJECT_DESCRIPTION}"`;
  };
  return {
    ...itself,
    read: async () => {
      try {
        return await read();
      } catch (error) {
        // "The project does not belong to you": the name is a stranger's; no right is missing.
        if (error instanceof SlsError && /not belong to you/i.test(error.message)) {
          throw new TakenError(itself, 'belongs to another account: choose another name');
        }
        throw error;
      }
    },
    foreign,
    differences: () => [],
    create: async () => {
      try {
        await control.createProject(
          new CreateProjectRequest({ projectName: name, description: PROJECT_DESCRIPTION }),
        );
      } catch (error) {
        if (!(error instanceof SlsError) || error.serverCode !== 'ProjectAlreadyExist') throw error;
        // Ours if the response to a first try was lost; a stranger's if we cannot read it.
        const current = await read().catch(() => undefined);
        const why =
          current === undefined
            ? 'belongs to another account, or to another region: choose another name'
            : foreign(current);
        if (why !== undefined) throw new TakenError(itself, why);
      }
      control.expect(name);
    },
    update: async () => {},
  };
}
