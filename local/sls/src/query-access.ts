import type { CreateQueryEngine, QueryEngine } from './query/contract.ts';

/** The query engine, loaded when the first query comes: writing and pulling need none. */
export interface QueryAccess {
  engine(): Promise<QueryEngine>;
  /** Lets the engine forget a logstore, if it was ever loaded. */
  drop(project: string, logstore: string): Promise<void>;
  close(): Promise<void>;
}

/** Wraps a way to make an engine so that it is made once, and only when it is needed. */
export function createQueryAccess(create: CreateQueryEngine | undefined): QueryAccess {
  let engine: Promise<QueryEngine> | undefined;
  return {
    engine: () => {
      engine ??= create === undefined ? loadEngine() : create();
      return engine;
    },
    drop: async (project, logstore) => {
      await (await engine)?.drop(project, logstore);
    },
    close: async () => {
      await (await engine)?.close();
    },
  };
}

async function loadEngine(): Promise<QueryEngine> {
  const { createQueryEngine } = await import('./query/engine.ts');
  return createQueryEngine();
}
