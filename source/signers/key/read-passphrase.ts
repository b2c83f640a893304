import {fstatSync, readSync} from 'node:fs';
import {EngineError} from '../../primitives/errors.ts';

/** As much as a person will ever type; more is some other file. */
const LONGEST = 1024;
const NEWLINE = 10;
const RETURN = 13;
/** ms between looks at a pipe that has nothing yet, and ms after which nobody will write. */
const PAUSE = 20;
const PATIENCE = 30_000;

/**
 * The first line of a file or pipe, without its end. The caller wipes it. A file is read from its beginning, however
 * often; a pipe can be read once. Throws `no_passphrase`.
 */
export const readPassphrase = (fd: number): Buffer => {
  const buffer = Buffer.alloc(LONGEST + 1);
  const isFile = fstatSync(fd).isFile();
  const waitUntil = performance.now() + PATIENCE;
  let length = 0;
  for (;;) {
    const end = buffer.subarray(0, length).indexOf(NEWLINE);
    const read = end >= 0 || length > LONGEST ? 0 : readMore(fd, buffer, length, isFile, waitUntil);
    if (read > 0) {
      length += read;
      continue;
    }
    const line = end >= 0 ? end : length;
    const passphrase = Buffer.from(buffer.subarray(0, buffer[line - 1] === RETURN ? line - 1 : line));
    buffer.fill(0);
    if (passphrase.length === 0)
      throw new EngineError('no_passphrase', isFile ? 'the passphrase file is empty' : NOTHING_LEFT);
    if (passphrase.length > LONGEST) {
      passphrase.fill(0);
      throw new EngineError('no_passphrase', `the passphrase is longer than ${LONGEST} bytes: this is some other file`);
    }
    return passphrase;
  }
};

const NOTHING_LEFT = 'the pipe of the passphrase is empty: it can be read once, so start the engine again with it';

const readMore = (fd: number, into: Buffer, from: number, isFile: boolean, waitUntil: number): number => {
  for (;;) {
    try {
      return readSync(fd, into, from, into.length - from, isFile ? from : null);
    } catch (error) {
      // A pipe that somebody made non-blocking and has not written to yet.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      if (performance.now() > waitUntil)
        throw new EngineError('no_passphrase', 'nobody wrote the passphrase to its descriptor', {cause: error});
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
};
