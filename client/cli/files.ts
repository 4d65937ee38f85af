import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UsageError } from './arguments.ts';

/** A file to read that the command line names. @throws UsageError when there is none */
export async function inputFile(path: string): Promise<Stats> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new UsageError(`there is no file ${path}`, { cause: error });
  }
  if (stats.isDirectory()) throw new UsageError(`${path} is not a file`);
  return stats;
}

/** What the system says about a file, in words; undefined when it speaks of something else. */
export function fileTrouble(error: unknown): string | undefined {
  if (!isSystemError(error)) return undefined;
  const { code, path, message } = error;
  switch (code) {
    // What is to be read was looked for before: this is a file to be made.
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no folder for ${path}`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${path} is not allowed to this user`;
    case 'EISDIR':
      return `${path} is not a file`;
    default:
      return message;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly path: string } {
  return typeof error === 'object' && error !== null && 'code' in error && 'path' in error;
}
