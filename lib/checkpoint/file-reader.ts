// A file of weights, open for reads at any position.
import * as fs from 'node:fs';
import type { BlipError } from '../core/errors';

export interface FileReader {
  readonly path: string;
  readonly size: number;
  /** Fills `target` from `position` on. Returns `target`. */
  read<T extends Uint8Array>(position: number, target: T): T;
  close(): void;
}

/**
 * @param ErrorClass what is thrown, here and by `read`
 * @throws when there is no such file, or it is a folder
 */
export function openFile(
  path: string,
  ErrorClass: new (message: string, options?: ErrorOptions) => BlipError,
): FileReader {
  const stat = fs.statSync(path, { throwIfNoEntry: false }); // before opening: to open a pipe would wait for its writer
  if (!stat) throw new ErrorClass(`${path}: no such file.`);
  if (!stat.isFile()) throw new ErrorClass(`${path}: is not a file.`);
  const fd = openSync(path, ErrorClass);
  let open = true;
  return {
    path,
    size: fs.fstatSync(fd).size,
    read(position, target) {
      // The system may have given the descriptor's number to another file by now.
      if (!open)
        throw new ErrorClass(
          `${path}: was closed; tensors are read from disk when they are asked for. Call close() later.`,
        );
      for (let done = 0; done < target.byteLength; ) {
        const got = fs.readSync(fd, target, done, target.byteLength - done, position + done);
        if (got === 0)
          throw new ErrorClass(
            `${path}: ends at byte ${position + done}, expected ${position + target.byteLength}. Was it cut ` +
              'while it was open?',
          );
        done += got;
      }
      return target;
    },
    close() {
      if (open) fs.closeSync(fd);
      open = false;
    },
  };
}

function openSync(path: string, ErrorClass: new (message: string, options?: ErrorOptions) => BlipError): number {
  try {
    return fs.openSync(path, 'r');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ErrorClass(`${path}: cannot be opened: ${reason}. Check who may read it.`, { cause: error });
  }
}
