import { Problem } from '@app/kernel';

/** What lies with the disk or its owner, not with what is written. */
const OF_THE_DISK = /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY)/;

/**
 * Does work on a file. SQLite alone would not say which of the files of a program is meant.
 * @throws Problem `file-refused` (unavailable) that names the file, for a disk that is full, or that cannot be written
 */
export function onFile<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    if (!OF_THE_DISK.test(String(code))) throw error;
    throw new Problem('unavailable', 'file-refused', `${file} cannot be written: ${String(message)} (${String(code)})`);
  }
}
