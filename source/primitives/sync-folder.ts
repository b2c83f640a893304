import {open} from 'node:fs/promises';

/** So that the names of files just made in a folder outlive a loss of power, as their contents do. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};
