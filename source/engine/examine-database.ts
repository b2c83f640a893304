import {access, constants} from 'node:fs/promises';
import {existsSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import type {CoinConfig, Config} from '../config/config.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {ledgerState} from '../store/open-store.ts';
import {failed, fine, type Finding} from './findings.ts';

/** The folder that is there already, in which the others would be made. */
const nearestFolder = (path: string): string => {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? parent : nearestFolder(parent);
};

/** Whether a ledger can be made, or is there, at its place. Changes nothing. */
export const examineDatabase = async ({coin}: CoinConfig, config: Config): Promise<Finding> => {
  const subject = `${coin} database`;
  const path = config.database.path.replaceAll('{coin}', coin);
  try {
    const state = await ledgerState({type: config.database.type, path: config.database.path, coin});
    const place = existsSync(path) ? path : nearestFolder(path);
    if (place !== path && !statSync(place).isDirectory())
      throw new EngineError('database_fault', `${place} is a file and no folder: correct database.url`);
    await access(place, constants.W_OK | constants.R_OK).catch((error: unknown) => {
      throw new EngineError(
        'database_fault',
        `${place} cannot be written by this user: ${messageOf(error)}; correct its owner, or database.url`,
        {cause: error},
      );
    });
    return fine(subject, `${path}: ${state === 'ready' ? 'there, and writable' : 'can be written'}`);
  } catch (error) {
    return failed(subject, error);
  }
};
