import { SlsError } from '../envelope/error.ts';
import { type FieldRules, parseInteger, parseJsonObject } from '../envelope/validate.ts';
import type { ProjectRecord } from '../storage/catalog.ts';
import { type Action, type ActionContext, requireProject } from './action.ts';

/** 3 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends (CreateProject, 2026). */
const PROJECT_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

const CREATE_RULES: FieldRules = {
  projectName: { type: 'string', required: true, pattern: PROJECT_NAME },
  description: { type: 'string', max: 1024 },
  resourceGroupId: { type: 'string' },
  dataRedundancyType: { type: 'string', oneOf: ['LRS', 'ZRS'] },
  recycleBinEnabled: { type: 'boolean' },
};

function createProject(context: ActionContext) {
  const body = parseJsonObject(context.body, CREATE_RULES, 'ParameterInvalid');
  const name = String(body.projectName);
  if (context.catalog.hasProject(name)) {
    throw new SlsError('ProjectAlreadyExist', `Project ${name} already exist.`);
  }
  const now = context.clock();
  context.catalog.putProject({
    name,
    description: text(body.description, ''),
    createdAtMs: now,
    modifiedAtMs: now,
    resourceGroupId: text(body.resourceGroupId, ''),
    dataRedundancyType: text(body.dataRedundancyType, 'LRS'),
    recycleBinEnabled: body.recycleBinEnabled === true,
  });
  return {};
}

function getProject(context: ActionContext) {
  return { json: toProjectJson(requireProject(context), context.region) };
}

const UPDATE_RULES: FieldRules = {
  description: { type: 'string', max: 1024 },
  recycleBinEnabled: { type: 'boolean' },
};

function updateProject(context: ActionContext) {
  const record = requireProject(context);
  const body = parseJsonObject(context.body, UPDATE_RULES, 'ParameterInvalid');
  context.catalog.putProject({
    ...record,
    description: text(body.description, record.description),
    recycleBinEnabled:
      typeof body.recycleBinEnabled === 'boolean' ? body.recycleBinEnabled : record.recycleBinEnabled,
    modifiedAtMs: context.clock(),
  });
  return {};
}

async function deleteProject(context: ActionContext) {
  const record = requireProject(context);
  for (const logstore of context.catalog.deleteProject(record.name)) {
    await context.queries.drop(record.name, logstore.name);
  }
  return {};
}

function listProject(context: ActionContext) {
  const { query } = context.request;
  const offset = parseInteger(query.get('offset'), {
    name: 'offset',
    min: 0,
    max: 1e9,
    code: 'ParameterInvalid',
  });
  const size = parseInteger(query.get('size'), { name: 'size', min: 0, max: 500, code: 'ParameterInvalid' });
  const wanted = query.get('projectName') ?? '';
  const group = query.get('resourceGroupId') ?? '';
  const matching = context.catalog
    .projects()
    .filter((record) => record.name.includes(wanted) && (group === '' || record.resourceGroupId === group))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const start = offset ?? 0;
  const projects = matching
    .slice(start, start + (size ?? 100))
    .map((record) => toProjectJson(record, context.region));
  return { json: { count: projects.length, total: matching.length, projects } };
}

function toProjectJson(record: ProjectRecord, region: string): Record<string, unknown> {
  return {
    projectName: record.name,
    description: record.description,
    status: 'Normal',
    owner: '',
    region,
    location: region,
    createTime: formatTime(record.createdAtMs),
    lastModifyTime: formatTime(record.modifiedAtMs),
    resourceGroupId: record.resourceGroupId,
    dataRedundancyType: record.dataRedundancyType,
    recycleBinEnabled: record.recycleBinEnabled,
    quota: {},
  };
}

/** As GetProject shows it: `2020-11-18 16:55:57`. */
function formatTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

export const PROJECT_ACTIONS: readonly Action[] = [
  { name: 'CreateProject', method: 'POST', path: '/', run: createProject },
  { name: 'ListProject', method: 'GET', path: '/', withoutProject: true, run: listProject },
  { name: 'GetProject', method: 'GET', path: '/', run: getProject },
  { name: 'UpdateProject', method: 'PUT', path: '/', run: updateProject },
  { name: 'DeleteProject', method: 'DELETE', path: '/', run: deleteProject },
];
