import type {ChainSource} from '../chain/ports.ts';
import {EngineError} from '../primitives/errors.ts';

/** Header times may be up to two hours ahead of the truth, and need not rise from block to block. */
const TIME_SLACK_SECONDS = 2 * 60 * 60;
const HEIGHTS_AT_ONCE = 16;

/** The height that `from` means. Throws `bad_height` when it is none or above the ledger's tip. */
export const rescanStart = async (
  chain: Pick<ChainSource, 'timesAt'>,
  from: number | string | undefined,
  startHeight: number,
  top: number,
): Promise<number> => {
  if (from === undefined) return Math.min(startHeight, top);
  const height =
    typeof from === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(from) ? await heightOfDate(chain, from, top) : Number(from);
  if (!Number.isSafeInteger(height) || height < 0)
    throw new EngineError('bad_height', 'expected a block height or a date as YYYY-MM-DD', {field: 'from'});
  if (height > top)
    throw new EngineError('bad_height', `the ledger ends at block ${top}; it cannot be rescanned from ${height}`, {
      field: 'from',
    });
  return height;
};

const heightOfDate = async (chain: Pick<ChainSource, 'timesAt'>, date: string, top: number): Promise<number> => {
  const time = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(time)) throw new EngineError('bad_height', `${date} is not a date`, {field: 'from'});
  return heightOfTime(chain, time / 1000, top);
};

/** The lowest block whose time is not before that (in seconds), less the slack: some too many rather than one too few. */
export const heightOfTime = async (
  chain: Pick<ChainSource, 'timesAt'>,
  seconds: number,
  top: number,
): Promise<number> => {
  const time = seconds - TIME_SLACK_SECONDS;
  let before = -1;
  let notBefore = top + 1;
  while (notBefore - before > 1) {
    const stride = Math.max(1, Math.floor((notBefore - before) / HEIGHTS_AT_ONCE));
    const heights: number[] = [];
    for (let height = before + stride; height < notBefore; height += stride) heights.push(height);
    const times = await chain.timesAt(heights);
    const index = times.findIndex(found => found === undefined || found >= time);
    if (index === -1) before = heights.at(-1)!;
    else {
      notBefore = heights[index]!;
      before = index === 0 ? before : heights[index - 1]!;
    }
  }
  // After the last block: the last block is all there is to look at.
  return Math.min(notBefore, top);
};
