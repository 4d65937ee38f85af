import type { Credentials } from '../shared/credentials.ts';
import { SlsError } from '../shared/errors.ts';
import { PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP } from '../shared/logstores/pending.ts';
import { collectDocuments, type Documents } from './documents.ts';
import { LOGSTORES } from './logstores.ts';
import { alertResource, dashboardResource, savedSearchResource } from './resources/document.ts';
import { consumerGroupResource, indexResource, logstoreResource } from './resources/logstore.ts';
import { projectResource } from './resources/project.ts';
import { idOf, type Resource, TakenError } from './resources/resource.ts';
import { SlsControl, type SlsControlOptions } from './sls-client.ts';

/**
 * Brings SLS to the state the functions need: project, logstores, indexes, consumer group, saved searches,
 * dashboards, alerts. Each resource is read and compared first, so that a second run writes nothing, and a run that
 * broke off is finished by the next. Indexes come before the first row, since SLS does not index what it already
 * holds. What does not carry our mark is never touched (`resources/resource.ts`); what differs is updated in place.
 */
export interface ProvisionOptions extends SlsControlOptions {
  readonly project: string;
  readonly credentials: Credentials;
  /** The owner that the project must have, where known. */
  readonly accountId?: string | undefined;
  /** `LEASE_SECONDS` of the sweep: the consumer group's timeout. */
  readonly leaseSeconds?: number;
  /** Days kept, by logstore, instead of the defaults. */
  readonly ttlDays?: Readonly<Record<string, number>>;
  /** Action policy for the alerts; without one they show only in SLS's alert centre. */
  readonly alertReceiver?: string | undefined;
  /** Instead of the project's own dashboards, saved searches and alerts. */
  readonly documents?: Documents;
  /** Takes one line for each thing that was created or changed. */
  readonly log?: (line: string) => void;
}

export interface Change {
  readonly kind: Resource['kind'];
  readonly name: string;
  readonly change: 'create' | 'update' | 'none';
  /** What differs, for an update. */
  readonly differences: readonly string[];
}

interface ProvisionResult {
  readonly project: string;
  readonly changes: readonly Change[];
  readonly created: number;
  readonly updated: number;
}

const DEFAULT_LEASE_SECONDS = 60;

/** Everything that should be there, in the order of creation. */
function resourcesOf(control: SlsControl, options: ProvisionOptions): Resource[] {
  const { project, region, accountId, alertReceiver, ttlDays = {} } = options;
  const documents = options.documents ?? collectDocuments({ project, region, alertReceiver });
  const logstores = LOGSTORES.map((one) => ({ ...one, ttlDays: ttlDays[one.name] ?? one.ttlDays }));
  return [
    projectResource(control, project, accountId),
    ...logstores.flatMap((one) => [
      logstoreResource(control, project, one),
      indexResource(control, project, one),
    ]),
    consumerGroupResource(control, project, {
      logstore: PENDING_LOGSTORE,
      name: SWEEP_CONSUMER_GROUP,
      timeoutSeconds: options.leaseSeconds ?? DEFAULT_LEASE_SECONDS,
    }),
    ...documents.savedSearches.map((one) => savedSearchResource(control, project, one)),
    ...documents.dashboards.map((one) => dashboardResource(control, project, one)),
    ...documents.alerts.map((one) => alertResource(control, project, one)),
  ];
}

/**
 * Creates and updates.
 * @throws TakenError when a name belongs to somebody else; SlsError, UpstreamNetworkError, UpstreamTimeoutError.
 */
export async function provision(options: ProvisionOptions): Promise<ProvisionResult> {
  return eachResource(options, async (resource, absent) => {
    const change = await bring(resource, absent);
    if (change.change !== 'none') options.log?.(describe(change, 'done'));
    return change;
  });
}

/** Returns what `provision` would do, and writes nothing. Throws as `provision` does. */
export async function plan(options: ProvisionOptions): Promise<ProvisionResult> {
  return eachResource(options, async (resource, absent) => (await compare(resource, absent)).change);
}

async function eachResource(
  options: ProvisionOptions,
  visit: (resource: Resource, absent: Set<string>) => Promise<Change>,
): Promise<ProvisionResult> {
  const absent = new Set<string>();
  const changes: Change[] = [];
  for (const resource of resourcesOf(new SlsControl(options), options)) {
    changes.push(await visit(resource, absent));
  }
  const count = (kind: Change['change']) => changes.filter(({ change }) => change === kind).length;
  return { project: options.project, changes, created: count('create'), updated: count('update') };
}

const VERBS = {
  planned: { create: 'create', update: 'update', none: 'keep' },
  done: { create: 'created', update: 'updated', none: 'kept' },
};

/** One line about a change: what would be done, or was. */
export function describe({ kind, name, change, differences }: Change, when: keyof typeof VERBS): string {
  return `${VERBS[when][change]} ${kind} ${name}${differences.length > 0 ? `: ${differences.join(', ')}` : ''}`;
}

async function compare(
  resource: Resource,
  absent: Set<string>,
): Promise<{ change: Change; current: unknown }> {
  const { kind, name, parent } = resource;
  const current = parent !== undefined && absent.has(parent) ? undefined : await resource.read();
  if (current === undefined) {
    absent.add(idOf(resource));
    return { change: { kind, name, change: 'create', differences: [] }, current };
  }
  const why = resource.foreign(current);
  if (why !== undefined) throw new TakenError(resource, why);
  const differences = resource.differences(current);
  return { change: { kind, name, change: differences.length > 0 ? 'update' : 'none', differences }, current };
}

async function bring(resource: Resource, absent: Set<string>): Promise<Change> {
  const { change, current } = await compare(resource, absent);
  if (change.change === 'update') await resource.update(current);
  if (change.change !== 'create') return change;
  try {
    await resource.create();
    return change;
  } catch (error) {
    // Somebody was faster, or the response to our first try was lost: it is there, so compare it.
    if (!(error instanceof SlsError) || !/already ?exist/i.test(error.message)) throw error;
    const found = await compare(resource, new Set());
    if (found.change.change === 'create') throw error;
    if (found.change.change === 'update') await resource.update(found.current);
    return found.change;
  }
}
