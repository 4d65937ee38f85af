import * as sdk from '@alicloud/sls20201230';
import { SlsError } from '../shared/errors.ts';
import { LOGSTORES } from './logstores.ts';
import type { ProvisionOptions } from './provision.ts';
import { projectResource } from './resources/project.ts';
import { isMarked, orAbsent, TakenError } from './resources/resource.ts';
import { SlsControl } from './sls-client.ts';

/**
 * Removes what `provision` made, and nothing else: first alerts, dashboards and saved searches that carry the
 * mark (those of earlier versions too), then our logstores, then the project when nothing is left in it. A logstore
 * that holds rows is deleted only when `mayDelete` allows it; by default it is kept, with its index and its consumer
 * group, which holds the sweep's place in the queue.
 */
interface RemoveOptions extends ProvisionOptions {
  /** Asked once, with the names of the logstores that hold rows. Without it they are kept. */
  readonly mayDelete?: (logstores: readonly string[]) => Promise<boolean>;
}

interface RemoveResult {
  /** What was deleted, as "dashboard idv-overview". */
  readonly deleted: readonly string[];
  /** What was kept, and why. */
  readonly kept: readonly string[];
}

/** The page size of every list; SLS allows 100 of each kind in a project. */
const MAX_LISTED = 500;

/**
 * @throws TakenError when the project is not ours; SlsError, UpstreamNetworkError, UpstreamTimeoutError.
 */
export async function remove(options: RemoveOptions): Promise<RemoveResult> {
  const control = new SlsControl(options);
  const { project, accountId, log = () => {} } = options;
  const resource = projectResource(control, project, accountId);
  const current = await resource.read();
  if (current === undefined) return { deleted: [], kept: [] };
  const why = resource.foreign(current);
  if (why !== undefined) throw new TakenError(resource, why);
  control.forget(project);

  const deleted: string[] = [];
  const kept: string[] = [];
  const done = (what: string) => {
    deleted.push(what);
    log(`deleted ${what}`);
  };
  // Asked before anything is deleted: without consent, everything is as it was.
  const logstores = await logstoresToDelete(control, options, kept);
  await removeDocuments(control, project, { done, kept });
  for (const name of logstores) {
    await orAbsent(() => control.deleteLogStore(project, name), ['LogStoreNotExist']);
    done(`logstore ${name}`);
  }
  if (kept.length === 0) {
    const others = await otherLogstores(control, project);
    if (others.length > 0) kept.push(`project ${project}: it holds the logstores ${others.join(', ')}`);
  }
  if (kept.length === 0) {
    await control.deleteProject(project, new sdk.DeleteProjectRequest({}));
    done(`project ${project}`);
  }
  return { deleted, kept };
}

interface Report {
  readonly done: (what: string) => void;
  readonly kept: string[];
}

interface Found {
  readonly kind: 'alert' | 'dashboard' | 'saved search';
  readonly name: string;
  readonly mark: string | undefined;
  remove(): Promise<unknown>;
}

async function removeDocuments(control: SlsControl, project: string, { done, kept }: Report): Promise<void> {
  const found = [
    ...(await alerts(control, project)),
    ...(await dashboards(control, project)),
    ...(await savedSearches(control, project)),
  ];
  for (const document of found) {
    const what = `${document.kind} ${document.name}`;
    if (!isMarked(document.mark)) {
      kept.push(`${what}: not made by idv-dropoff`);
      continue;
    }
    await orAbsent(() => document.remove());
    done(what);
  }
}

async function alerts(control: SlsControl, project: string): Promise<Found[]> {
  const { body } = await control.listAlerts(
    project,
    new sdk.ListAlertsRequest({ offset: 0, size: MAX_LISTED }),
  );
  return (body?.results ?? []).flatMap(({ name, description }) =>
    name === undefined
      ? []
      : [{ kind: 'alert', name, mark: description, remove: () => control.deleteAlert(project, name) }],
  );
}

async function dashboards(control: SlsControl, project: string): Promise<Found[]> {
  const { body } = await control.listDashboard(
    project,
    new sdk.ListDashboardRequest({ offset: 0, size: MAX_LISTED }),
  );
  const found: Found[] = [];
  for (const name of body?.dashboards ?? []) {
    const mark = (await orAbsent(() => control.getDashboard(project, name)))?.body?.description;
    found.push({ kind: 'dashboard', name, mark, remove: () => control.deleteDashboard(project, name) });
  }
  return found;
}

async function savedSearches(control: SlsControl, project: string): Promise<Found[]> {
  const request = new sdk.ListSavedSearchRequest({ offset: 0, size: MAX_LISTED });
  const { body } = await control.listSavedSearch(project, request);
  return (body?.savedsearchItems ?? []).flatMap(({ savedsearchName: name, displayName }) =>
    name === undefined
      ? []
      : [
          {
            kind: 'saved search',
            name,
            mark: displayName,
            remove: () => control.deleteSavedSearch(project, name),
          },
        ],
  );
}

async function logstoresToDelete(
  control: SlsControl,
  { project, mayDelete = async () => false }: RemoveOptions,
  kept: string[],
): Promise<readonly string[]> {
  const empty: string[] = [];
  const full: string[] = [];
  for (const { name } of LOGSTORES) {
    const isThere = await orAbsent(() => control.getLogStore(project, name), ['LogStoreNotExist']);
    if (isThere === undefined) continue;
    ((await holdsRows(control, project, name)) ? full : empty).push(name);
  }
  if (full.length > 0 && (await mayDelete(full))) return [...empty, ...full];
  kept.push(...full.map((name) => `logstore ${name}: it holds rows`));
  return empty;
}

/** Whether any shard's oldest retained row lies before its end. */
async function holdsRows(control: SlsControl, project: string, logstore: string): Promise<boolean> {
  const { body: shards = [] } = await control.listShards(project, logstore);
  for (const { shardID } of shards) {
    const at = async (from: 'begin' | 'end') => {
      const request = new sdk.GetCursorRequest({ from });
      return (await control.getCursor(project, logstore, String(shardID), request)).body?.cursor;
    };
    if ((await at('begin')) !== (await at('end'))) return true;
  }
  return false;
}

async function otherLogstores(control: SlsControl, project: string): Promise<readonly string[]> {
  try {
    const request = new sdk.ListLogStoresRequest({ offset: 0, size: MAX_LISTED });
    return (await control.listLogStores(project, request)).body?.logstores ?? [];
  } catch (error) {
    if (error instanceof SlsError && error.serverCode === 'ProjectNotExist') return [];
    throw error;
  }
}
