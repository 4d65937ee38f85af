import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { SlsError } from '../envelope/error.ts';
import { ConsumerGroup, type ConsumerGroupRecord } from './consumer-group.ts';
import { type DataDirectory, takeDataDirectory } from './data-directory.ts';
import { Logstore, type LogstoreRecord } from './logstore.ts';
import { MetaStore } from './meta-store.ts';

export interface ProjectRecord {
  readonly name: string;
  description: string;
  readonly createdAtMs: number;
  modifiedAtMs: number;
  resourceGroupId: string;
  dataRedundancyType: string;
  recycleBinEnabled: boolean;
}

/** Dashboards and the like: JSON documents that are kept, validated and shown, and nothing more. */
export type DocumentKind = 'dashboard' | 'savedsearch' | 'alert' | 'scheduledsql';
export type StoredDocument = Record<string, unknown>;

/**
 * Everything the server keeps: projects, and in them logstores, consumer groups and documents. Durable at once:
 * a change that was acknowledged is there after a kill.
 *
 * Keys of the journal: p/<project>, l/<project>/<logstore>, g/<project>/<logstore>/<group>, d/<project>/<kind>/<name>.
 */
export class Catalog {
  readonly #directory: DataDirectory;
  readonly #meta: MetaStore;
  readonly #clock: () => number;
  readonly #logstores = new Map<string, Logstore>();
  readonly #groups = new Map<string, ConsumerGroup>();

  private constructor(directory: DataDirectory, clock: () => number) {
    this.#directory = directory;
    this.#clock = clock;
    this.#meta = MetaStore.open(directory.path);
    for (const [key, value] of this.#meta.entries('l/')) {
      const project = key.split('/')[1] ?? '';
      this.#openLogstore(project, structuredClone(value) as LogstoreRecord);
    }
    for (const [key, value] of this.#meta.entries('g/')) {
      this.#openGroup(key, structuredClone(value) as ConsumerGroupRecord);
    }
    this.#removeOrphans();
  }

  /** @throws Error when the folder is in use or damaged */
  static open(path: string | undefined, clock: () => number): Catalog {
    const directory = takeDataDirectory(path);
    try {
      fs.mkdirSync(join(directory.path, 'rows'), { recursive: true });
      return new Catalog(directory, clock);
    } catch (error) {
      directory.release();
      throw error;
    }
  }

  #segmentPath(id: string): string {
    return join(this.#directory.path, 'rows', `${id}.log`);
  }

  #openLogstore(project: string, record: LogstoreRecord): Logstore {
    const source = { project, record, segmentPath: this.#segmentPath(record.id) };
    const logstore = new Logstore(source, this.#clock);
    this.#logstores.set(`${project}/${record.name}`, logstore);
    return logstore;
  }

  #openGroup(key: string, record: ConsumerGroupRecord): ConsumerGroup {
    const save = (changed: ConsumerGroupRecord) => this.#meta.put(key, changed);
    const group = new ConsumerGroup(record, { clock: this.#clock, save });
    this.#groups.set(key, group);
    return group;
  }

  /** A kill between forgetting a logstore and deleting its rows leaves a file that nobody will ask for. */
  #removeOrphans(): void {
    const known = new Set([...this.#logstores.values()].map((logstore) => `${logstore.record.id}.log`));
    for (const name of fs.readdirSync(join(this.#directory.path, 'rows'))) {
      if (!known.has(name)) fs.rmSync(join(this.#directory.path, 'rows', name));
    }
  }

  projects(): ProjectRecord[] {
    return [...this.#meta.entries('p/')].map(([, value]) => value as ProjectRecord);
  }

  /** @throws SlsError ProjectNotExist */
  project(name: string): ProjectRecord {
    const record = this.#meta.get(`p/${name}`) as ProjectRecord | undefined;
    if (record === undefined) {
      throw new SlsError('ProjectNotExist', `The Project does not exist : ${name}`);
    }
    return record;
  }

  hasProject(name: string): boolean {
    return this.#meta.get(`p/${name}`) !== undefined;
  }

  putProject(record: ProjectRecord): void {
    this.#meta.put(`p/${record.name}`, record);
  }

  deleteProject(name: string): Logstore[] {
    const logstores = this.logstores(name);
    this.#meta.delete(`p/${name}`);
    for (const logstore of logstores) this.deleteLogstore(logstore);
    for (const [key] of [...this.#meta.entries(`d/${name}/`)]) this.#meta.delete(key);
    return logstores;
  }

  logstores(project: string): Logstore[] {
    return [...this.#logstores.values()].filter((logstore) => logstore.project === project);
  }

  allLogstores(): Logstore[] {
    return [...this.#logstores.values()];
  }

  findLogstore(project: string, name: string): Logstore | undefined {
    return this.#logstores.get(`${project}/${name}`);
  }

  /** @throws SlsError LogStoreNotExist */
  logstore(project: string, name: string): Logstore {
    const logstore = this.findLogstore(project, name);
    if (logstore === undefined) {
      throw new SlsError('LogStoreNotExist', `logstore ${name} does not exist.`);
    }
    return logstore;
  }

  createLogstore(project: string, record: Omit<LogstoreRecord, 'id'>): Logstore {
    const whole = { ...record, id: randomUUID() };
    this.#meta.put(`l/${project}/${record.name}`, whole);
    return this.#openLogstore(project, whole);
  }

  saveLogstore(logstore: Logstore): void {
    this.#meta.put(`l/${logstore.project}/${logstore.name}`, logstore.record);
  }

  deleteLogstore(logstore: Logstore): void {
    const key = `${logstore.project}/${logstore.name}`;
    for (const group of this.groups(logstore)) this.deleteGroup(logstore, group.record.name);
    this.#meta.delete(`l/${key}`);
    this.#logstores.delete(key);
    logstore.close();
    fs.rmSync(this.#segmentPath(logstore.record.id), { force: true });
  }

  groups(logstore: Logstore): ConsumerGroup[] {
    const prefix = `g/${logstore.project}/${logstore.name}/`;
    return [...this.#groups].filter(([key]) => key.startsWith(prefix)).map(([, group]) => group);
  }

  findGroup(logstore: Logstore, name: string): ConsumerGroup | undefined {
    return this.#groups.get(`g/${logstore.project}/${logstore.name}/${name}`);
  }

  createGroup(logstore: Logstore, record: ConsumerGroupRecord): void {
    const key = `g/${logstore.project}/${logstore.name}/${record.name}`;
    this.#meta.put(key, record);
    this.#openGroup(key, record);
  }

  deleteGroup(logstore: Logstore, name: string): void {
    const key = `g/${logstore.project}/${logstore.name}/${name}`;
    this.#groups.delete(key);
    this.#meta.delete(key);
  }

  documents(project: string, kind: DocumentKind): StoredDocument[] {
    return [...this.#meta.entries(`d/${project}/${kind}/`)].map(([, value]) => value as StoredDocument);
  }

  findDocument(project: string, kind: DocumentKind, name: string): StoredDocument | undefined {
    return this.#meta.get(`d/${project}/${kind}/${name}`) as StoredDocument | undefined;
  }

  putDocument(target: { project: string; kind: DocumentKind; name: string }, value: StoredDocument): void {
    this.#meta.put(`d/${target.project}/${target.kind}/${target.name}`, value);
  }

  deleteDocument(target: { project: string; kind: DocumentKind; name: string }): void {
    this.#meta.delete(`d/${target.project}/${target.kind}/${target.name}`);
  }

  close(): void {
    for (const logstore of this.#logstores.values()) logstore.close();
    this.#meta.close();
    this.#directory.release();
  }
}
