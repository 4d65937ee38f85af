import * as sdk from '@alicloud/sls20201230';
import type { AlertDocument, DashboardDocument, SavedSearchDocument } from '../documents.ts';
import type { SlsControl } from '../sls-client.ts';
import { differingKeys, idOf, isMarked, MARK, marked, orAbsent, type Resource } from './resource.ts';

/**
 * Dashboards, alerts and saved searches: whole documents, compared by content. What the service adds to them does not
 * count; what a person changed in the console does, and is reset (a copy under another name is left alone).
 */
const NOT_MARKED = `does not carry the mark "${MARK}": rename it, or put the mark there to let idv-dropoff use it`;

const withoutMark = (text: string | undefined) => (isMarked(text) ? undefined : NOT_MARKED);

export function dashboardResource(
  control: SlsControl,
  project: string,
  document: DashboardDocument,
): Resource<sdk.Dashboard> {
  const wanted = new sdk.Dashboard({ ...document, description: marked(document.description) });
  const name = document.dashboardName;
  return {
    kind: 'dashboard',
    name,
    parent: idOf({ kind: 'project', name: project }),
    read: async () => (await orAbsent(() => control.getDashboard(project, name)))?.body,
    foreign: ({ description }) => withoutMark(description),
    differences: (current) => differingKeys(current.toMap(), wanted.toMap()),
    create: async () => {
      await control.createDashboard(project, new sdk.CreateDashboardRequest({ body: wanted }));
    },
    update: async () => {
      await control.updateDashboard(project, name, new sdk.UpdateDashboardRequest({ ...wanted }));
    },
  };
}

/** A saved search has no description: its display name carries the mark. */
export function savedSearchResource(
  control: SlsControl,
  project: string,
  document: SavedSearchDocument,
): Resource<sdk.SavedSearch> {
  const wanted = { ...document, displayName: marked(document.displayName) };
  const name = document.savedsearchName;
  return {
    kind: 'saved search',
    name,
    parent: idOf({ kind: 'logstore', name: document.logstore }),
    read: async () => (await orAbsent(() => control.getSavedSearch(project, name)))?.body,
    foreign: ({ displayName }) => withoutMark(displayName),
    differences: (current) => differingKeys({ topic: '', ...current.toMap() }, wanted),
    create: async () => {
      await control.createSavedSearch(project, new sdk.CreateSavedSearchRequest(wanted));
    },
    update: async () => {
      await control.updateSavedSearch(project, name, new sdk.UpdateSavedSearchRequest(wanted));
    },
  };
}

export function alertResource(
  control: SlsControl,
  project: string,
  document: AlertDocument,
): Resource<sdk.Alert> {
  const wanted = {
    ...document,
    description: marked(document.description),
    configuration: new sdk.AlertConfiguration(document.configuration),
    schedule: new sdk.Schedule(document.schedule),
  };
  const { name } = document;
  return {
    kind: 'alert',
    name,
    parent: idOf({ kind: 'project', name: project }),
    read: async () => (await orAbsent(() => control.getAlert(project, name)))?.body,
    foreign: ({ description }) => withoutMark(description),
    differences: (current) => differingKeys(current.toMap(), new sdk.Alert(wanted).toMap()),
    create: async () => {
      await control.createAlert(project, new sdk.CreateAlertRequest(wanted));
    },
    update: async () => {
      await control.updateAlert(project, name, new sdk.UpdateAlertRequest(wanted));
    },
  };
}
