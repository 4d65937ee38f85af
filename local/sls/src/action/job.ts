import { SlsError } from '../envelope/error.ts';
import { isJsonObject, parseJson } from '../envelope/validate.ts';
import { type Action, type ActionContext, requireProject } from './action.ts';
import {
  create,
  DOCUMENT_TYPES,
  type DocumentType,
  list,
  remove,
  requireDocument,
  setStatus,
  update,
} from './document.ts';

/** `/jobs`: the way the older SDKs reach alerts and scheduled SQL; the type is in the body or the query. */
const JOB_TYPES = DOCUMENT_TYPES.filter((type) => type.nameField === 'name');

function jobTypeOf(name: unknown): DocumentType {
  const found = JOB_TYPES.find((type) => type.label === name);
  if (found === undefined)
    throw new SlsError('NotSupported', `Jobs of type ${String(name)} are not supported.`);
  return found;
}

function existingJobType(context: ActionContext): DocumentType {
  const project = requireProject(context).name;
  const name = context.params.name ?? '';
  const found = JOB_TYPES.find(
    (type) => context.catalog.findDocument(project, type.kind, name) !== undefined,
  );
  if (found === undefined) throw new SlsError('JobNotExist', `specified job does not exist: ${name}`);
  return found;
}

export const JOB_ACTIONS: readonly Action[] = [
  {
    name: 'CreateJob',
    method: 'POST',
    path: '/jobs',
    run: (context) => {
      const body = parseJson(context.body, 'ParameterInvalid');
      return create(jobTypeOf(isJsonObject(body) ? body.type : undefined), context);
    },
  },
  {
    name: 'ListJobs',
    method: 'GET',
    path: '/jobs',
    run: (context) => list(jobTypeOf(context.request.query.get('jobType')), context),
  },
  {
    name: 'EnableJob',
    method: 'PUT',
    path: '/jobs/:name',
    query: { action: ['enable'] },
    run: (context) => setStatus(existingJobType(context), context, 'ENABLED'),
  },
  {
    name: 'DisableJob',
    method: 'PUT',
    path: '/jobs/:name',
    query: { action: ['disable'] },
    run: (context) => setStatus(existingJobType(context), context, 'DISABLED'),
  },
  {
    name: 'GetJob',
    method: 'GET',
    path: '/jobs/:name',
    run: (context) => ({ json: requireDocument(existingJobType(context), context) }),
  },
  {
    name: 'UpdateJob',
    method: 'PUT',
    path: '/jobs/:name',
    run: (context) => update(existingJobType(context), context),
  },
  {
    name: 'DeleteJob',
    method: 'DELETE',
    path: '/jobs/:name',
    run: (context) => remove(existingJobType(context), context),
  },
];
