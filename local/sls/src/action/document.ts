import { SlsError, type SlsErrorCode } from '../envelope/error.ts';
import {
  isJsonObject,
  type JsonObject,
  parseInteger,
  parseJson,
  refuseViolations,
} from '../envelope/validate.ts';
import type { DocumentKind, StoredDocument } from '../storage/catalog.ts';
import { type Action, type ActionContext, nowSeconds, requireProject } from './action.ts';
import {
  alertViolations,
  dashboardViolations,
  savedSearchViolations,
  scheduledSqlViolations,
} from './document-rules.ts';

/** One kind of document: where it lives in the API, how it is named, what it must look like. */
export interface DocumentType {
  readonly kind: DocumentKind;
  readonly path: string;
  /** The API's name in the singular, for action names. */
  readonly label: string;
  readonly nameField: string;
  readonly missing: SlsErrorCode;
  /** A project holds 100 of each: https://www.alibabacloud.com/help/en/sls/basic-resources (read 2026-11-23). */
  readonly limit: number;
  /** What the server adds when the document is made. */
  readonly complete: (document: JsonObject, context: ActionContext) => JsonObject;
  readonly violations: (document: JsonObject) => string[];
  readonly list: (documents: readonly StoredDocument[], total: number) => JsonObject;
}

/** The kinds of documents this server keeps. */
const DOCUMENT_TYPES: readonly DocumentType[] = [
  {
    kind: 'dashboard',
    path: '/dashboards',
    label: 'Dashboard',
    nameField: 'dashboardName',
    missing: 'DashboardNotExist',
    limit: 100,
    complete: (document) => document,
    violations: dashboardViolations,
    list: (documents, total) => ({
      count: documents.length,
      total,
      dashboards: documents.map((document) => document.dashboardName),
      dashboardItems: documents.map(({ dashboardName, displayName, description }) => ({
        dashboardName,
        displayName,
        description: description ?? '',
      })),
    }),
  },
  {
    kind: 'savedsearch',
    path: '/savedsearches',
    label: 'SavedSearch',
    nameField: 'savedsearchName',
    missing: 'SavedSearchNotExist',
    limit: 100,
    complete: (document) => ({ topic: '', ...document }),
    violations: savedSearchViolations,
    list: (documents, total) => ({
      count: documents.length,
      total,
      savedsearches: documents.map((document) => document.savedsearchName),
      savedsearchItems: documents,
    }),
  },
  jobType('alert', '/alerts', 'Alert'),
  jobType('scheduledsql', '/scheduledsqls', 'ScheduledSQL'),
];

function jobType(
  kind: 'alert' | 'scheduledsql',
  path: string,
  label: 'Alert' | 'ScheduledSQL',
): DocumentType {
  return {
    kind,
    path,
    label,
    nameField: 'name',
    missing: 'JobNotExist',
    limit: 100,
    complete: (document, context) => ({
      description: '',
      ...document,
      type: label,
      status: document.state === 'Disabled' ? 'DISABLED' : 'ENABLED',
      createTime: nowSeconds(context),
      lastModifiedTime: nowSeconds(context),
    }),
    violations: kind === 'alert' ? alertViolations : scheduledSqlViolations,
    list: (documents, total) => ({ count: documents.length, total, results: documents }),
  };
}

function parseDocument(body: Buffer): JsonObject {
  const document = parseJson(body, 'ParameterInvalid');
  if (!isJsonObject(document)) throw new SlsError('ParameterInvalid', 'The body is not a json object.');
  return document;
}

/**
 * Stores a new document.
 * @throws SlsError ParameterInvalid, JobAlreadyExist, ProjectQuotaExceed
 */
export function create(type: DocumentType, context: ActionContext) {
  const project = requireProject(context).name;
  const document = parseDocument(context.body);
  refuseViolations(type.violations(document), 'ParameterInvalid');
  const name = String(document[type.nameField]);
  if (context.catalog.findDocument(project, type.kind, name) !== undefined) {
    const code = type.nameField === 'name' ? 'JobAlreadyExist' : 'ParameterInvalid';
    throw new SlsError(code, `specified ${type.label.toLowerCase()} already exists: ${name}`);
  }
  if (context.catalog.documents(project, type.kind).length >= type.limit) {
    throw new SlsError('ProjectQuotaExceed', 'Project Quota Exceed.', 400);
  }
  context.catalog.putDocument({ project, kind: type.kind, name }, type.complete(document, context));
  return {};
}

/** @throws SlsError ProjectNotExist and the kind's own code */
function requireDocument(type: DocumentType, context: ActionContext): StoredDocument {
  const project = requireProject(context).name;
  const name = context.params.name ?? '';
  const document = context.catalog.findDocument(project, type.kind, name);
  if (document === undefined) {
    throw new SlsError(type.missing, `specified ${type.label.toLowerCase()} does not exist: ${name}`);
  }
  return document;
}

/**
 * Replaces a document under its name.
 * @throws SlsError ParameterInvalid and the kind's own code
 */
export function update(type: DocumentType, context: ActionContext) {
  const current = requireDocument(type, context);
  const name = context.params.name ?? '';
  const document = parseDocument(context.body);
  const named = { ...document, [type.nameField]: document[type.nameField] ?? name };
  if (named[type.nameField] !== name) {
    throw new SlsError('ParameterInvalid', `${type.nameField} cannot be changed`);
  }
  refuseViolations(type.violations(named), 'ParameterInvalid');
  const whole = type.complete(named, context);
  if (current.createTime !== undefined) {
    whole.createTime = current.createTime;
    whole.status = current.status;
  }
  context.catalog.putDocument({ project: context.request.project ?? '', kind: type.kind, name }, whole);
  return {};
}

/**
 * Deletes a document.
 * @throws SlsError the kind's own code
 */
export function remove(type: DocumentType, context: ActionContext) {
  requireDocument(type, context);
  const target = { project: context.request.project ?? '', kind: type.kind, name: context.params.name ?? '' };
  context.catalog.deleteDocument(target);
  return {};
}

/** Lists documents, a page at a time. */
export function list(type: DocumentType, context: ActionContext) {
  const project = requireProject(context).name;
  const { query } = context.request;
  const offset = parseInteger(query.get('offset'), {
    name: 'offset',
    min: 0,
    max: 1e9,
    code: 'ParameterInvalid',
  });
  const size = parseInteger(query.get('size'), { name: 'size', min: -1, max: 500, code: 'ParameterInvalid' });
  const matching = context.catalog
    .documents(project, type.kind)
    .filter((document) => matches(document, type.nameField, query.get(type.nameField)))
    .filter((document) => matches(document, 'displayName', query.get('displayName')));
  const start = offset ?? 0;
  const page = matching.slice(start, start + (size === undefined || size < 0 ? 100 : size));
  return { json: type.list(page, matching.length) };
}

function matches(document: StoredDocument, field: string, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === '' || String(document[field] ?? '').includes(wanted);
}

/** EnableAlert and DisableAlert; the SDKs' PUT with `action`. */
function setStatus(type: DocumentType, context: ActionContext, status: 'ENABLED' | 'DISABLED') {
  const document = requireDocument(type, context);
  const target = { project: context.request.project ?? '', kind: type.kind, name: context.params.name ?? '' };
  context.catalog.putDocument(target, { ...document, status });
  return {};
}

function actionsOf(type: DocumentType): Action[] {
  const one = `${type.path}/:name`;
  const plural = type.label.endsWith('Search') || type.label === 'Dashboard' ? type.label : `${type.label}s`;
  const actions: Action[] = [
    { name: `Create${type.label}`, method: 'POST', path: type.path, run: (context) => create(type, context) },
    { name: `List${plural}`, method: 'GET', path: type.path, run: (context) => list(type, context) },
    {
      name: `Get${type.label}`,
      method: 'GET',
      path: one,
      run: (context) => ({ json: requireDocument(type, context) }),
    },
    { name: `Update${type.label}`, method: 'PUT', path: one, run: (context) => update(type, context) },
    { name: `Delete${type.label}`, method: 'DELETE', path: one, run: (context) => remove(type, context) },
  ];
  if (type.nameField !== 'name') return actions;
  const toggles: Action[] = (['enable', 'disable'] as const).map((verb) => ({
    name: `${verb === 'enable' ? 'Enable' : 'Disable'}${type.label}`,
    method: 'PUT',
    path: one,
    query: { action: [verb] },
    run: (context) => setStatus(type, context, verb === 'enable' ? 'ENABLED' : 'DISABLED'),
  }));
  return [...toggles, ...actions];
}

export const DOCUMENT_ACTIONS: readonly Action[] = DOCUMENT_TYPES.flatMap(actionsOf);

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
