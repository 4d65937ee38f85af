import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface DataDirectory {
  readonly path: string;
  /** Gives the folder back; a temporary one is removed. */
  release(): void;
}

/**
 * Takes a folder for one server, or a temporary one when none is given.
 * @throws Error when a running process uses the folder
 */
export function takeDataDirectory(path: string | undefined): DataDirectory {
  if (path === undefined) {
    const temporary = fs.mkdtempSync(join(tmpdir(), 'local-sls-'));
    return {
      path: temporary,
      release: () => fs.rmSync(temporary, { recursive: true, force: true }),
    };
  }
  fs.mkdirSync(path, { recursive: true });
  const lock = join(resolve(path), 'lock');
  if (!createLock(lock)) {
    const owner = readOwner(lock);
    if (owner !== undefined && (owner === process.pid ? heldHere.has(lock) : isRunning(owner))) {
      throw new Error(`the data folder ${path} is in use by process ${owner}`);
    }
    // Left by a process that was killed.
    fs.rmSync(lock, { force: true });
    if (!createLock(lock)) throw new Error(`the data folder ${path} was taken by another process just now`);
  }
  heldHere.add(lock);
  return {
    path,
    release: () => {
      heldHere.delete(lock);
      fs.rmSync(lock, { force: true });
    },
  };
}

/** The locks of this process, to tell them from those of a dead process that had the same number. */
const heldHere = new Set<string>();

function createLock(lock: string): boolean {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(lock: string): number | undefined {
  try {
    const pid = Number(fs.readFileSync(lock, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
