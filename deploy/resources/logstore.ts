import {
  CreateConsumerGroupRequest,
  CreateIndexRequest,
  CreateLogStoreRequest,
  Index,
  type Logstore,
  UpdateConsumerGroupRequest,
  UpdateIndexRequest,
  UpdateLogStoreRequest,
} from '@alicloud/sls20201230';
import type { IndexConfig, LogstoreDefinition } from '../logstores.ts';
import type { SlsControl } from '../sls-client.ts';
import { contains, idOf, orAbsent, type Resource } from './resource.ts';

const SHARDS = 1;
/** The limit of automatic splitting: 16 shards take 80 MB a second, far more than 10 calls a second bring. */
const MAX_SHARDS = 16;

/** Within our own project all of our names are ours: a logstore has no place for a mark. */
const ours = () => undefined;

/** Settings that differ, as "ttl 30 -> 45". */
function differingSettings(current: object, wanted: object): string[] {
  return Object.entries(wanted).flatMap(([name, to]) => {
    const from = (current as Record<string, unknown>)[name];
    return from === to ? [] : [`${name} ${from ?? 'unset'} -> ${to}`];
  });
}

export function logstoreResource(
  control: SlsControl,
  project: string,
  definition: LogstoreDefinition,
): Resource<Logstore> {
  const { name, ttlDays, autoSplit } = definition;
  const wanted = {
    ttl: ttlDays,
    appendMeta: true,
    autoSplit,
    ...(autoSplit && { maxSplitShard: MAX_SHARDS }),
  };
  return {
    kind: 'logstore',
    name,
    parent: idOf({ kind: 'project', name: project }),
    read: async () => {
      const found = await orAbsent(() => control.getLogStore(project, name), ['LogStoreNotExist']);
      if (found !== undefined) control.expect(project, name);
      return found?.body;
    },
    foreign: ours,
    differences: (current) => differingSettings(current, wanted),
    create: async () => {
      await control.createLogStore(
        project,
        new CreateLogStoreRequest({ logstoreName: name, shardCount: SHARDS, ...wanted }),
      );
      control.expect(project, name);
    },
    // Settings that are not ours are sent back as they are, so that the service does not reset them.
    update: async ({ enableTracking, hotTtl, infrequentAccessTTL, mode }) => {
      await control.updateLogStore(
        project,
        name,
        new UpdateLogStoreRequest({
          logstoreName: name,
          enableTracking,
          mode,
          ...(hotTtl !== undefined && hotTtl > 0 && { hotTtl }),
          ...(infrequentAccessTTL !== undefined && infrequentAccessTTL > 0 && { infrequentAccessTTL }),
          ...wanted,
        }),
      );
    },
  };
}

/** Keys and settings of an index that are missing or differ; keys that others added are left alone. */
function indexDifferences(current: Index, wanted: IndexConfig): string[] {
  const keys = Object.entries(wanted.keys).flatMap(([name, key]) => {
    const now = current.keys?.[name];
    if (now === undefined) return [`+ ${name}`];
    return contains(now, key) ? [] : [`~ ${name}`];
  });
  return [
    ...keys,
    ...(contains(current.line, wanted.line) ? [] : ['~ full text']),
    ...differingSettings({ max_text_len: current.maxTextLen }, { max_text_len: wanted.maxTextLen }),
  ];
}

export function indexResource(
  control: SlsControl,
  project: string,
  definition: LogstoreDefinition,
): Resource<Index> {
  const { name, index } = definition;
  return {
    kind: 'index',
    name,
    parent: idOf({ kind: 'logstore', name }),
    read: async () => {
      const found = await orAbsent(() => control.getIndex(project, name), ['IndexConfigNotExist']);
      return found?.body === undefined ? undefined : new Index(found.body);
    },
    foreign: ours,
    differences: (current) => indexDifferences(current, index),
    create: async () => {
      await control.createIndex(project, name, new CreateIndexRequest({ body: new Index(index) }));
    },
    update: async (current) => {
      const keys = { ...current.keys };
      for (const [key, wanted] of Object.entries(index.keys)) {
        const jsonKeys = current.keys?.[key]?.jsonKeys;
        keys[key] = { ...wanted, ...(jsonKeys !== undefined && { jsonKeys }) } as (typeof keys)[string];
      }
      await control.updateIndex(
        project,
        name,
        new UpdateIndexRequest({ body: new Index({ ...current, ...index, keys }) }),
      );
    },
  };
}

interface ConsumerGroupDefinition {
  readonly logstore: string;
  readonly name: string;
  readonly timeoutSeconds: number;
}

interface ConsumerGroupState {
  readonly timeout?: number;
  readonly order?: boolean;
}

/** Its checkpoint is the sweep's place in the queue: created once, never recreated. */
export function consumerGroupResource(
  control: SlsControl,
  project: string,
  { logstore, name, timeoutSeconds }: ConsumerGroupDefinition,
): Resource<ConsumerGroupState> {
  const wanted = { timeout: timeoutSeconds, order: false };
  return {
    kind: 'consumer group',
    name,
    parent: idOf({ kind: 'logstore', name: logstore }),
    read: async () => {
      const { body } = await control.listConsumerGroup(project, logstore);
      return body?.find((group) => group.name === name);
    },
    foreign: ours,
    differences: (current) => differingSettings(current, wanted),
    create: async () => {
      await control.createConsumerGroup(
        project,
        logstore,
        new CreateConsumerGroupRequest({ consumerGroup: name, ...wanted }),
      );
    },
    update: async () => {
      await control.updateConsumerGroup(project, logstore, name, new UpdateConsumerGroupRequest(wanted));
    },
  };
}
