import type {NodeTip} from '../../chain/ports.ts';
import type {Network} from '../../coins/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import type {FailoverRules} from './rules.ts';
import type {Source, WatchedSource} from './watched-source.ts';

/** A block so deep that nobody's reorganisation reaches it. */
export interface Anchor extends BlockRef {
  /** Who has it: a source, or the ledger. */
  readonly whose: string;
}

/** What is known of the chain, for sources to be compared with. */
export interface Landmarks {
  readonly speaker: string;
  /** Kept while the speaker is away. */
  readonly anchor: Anchor | undefined;
  /** Of the speaker. */
  readonly tip: BlockRef | undefined;
}

/** What one look at a source learned. */
export interface Probed {
  readonly tip: NodeTip;
  /** ms */
  readonly latency: number;
  readonly otherChain: string | undefined;
  readonly isGenesisKnown: boolean;
  readonly sharesAnchor: boolean;
  readonly holdsSpeakersTip: boolean;
}

/**
 * The answer, or `backend_timeout` after so many milliseconds, with `silence` as words. What it answers later is nobody's
 * business any more.
 */
export const withPatience = async <Value>(silence: string, patience: number, asked: Promise<Value>): Promise<Value> => {
  const {promise, reject} = Promise.withResolvers<never>();
  const words = `${silence} within ${patience / 1000} s`;
  const timer = setTimeout(
    () => reject(new EngineError('backend_timeout', words, {retry: 'unknown-outcome'})),
    patience,
  );
  try {
    return await Promise.race([asked, promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Asks a source where it stands and whether that is on our chain. I/O only; throws what the source throws. */
export const probe = async (
  {source, isGenesisKnown}: WatchedSource,
  landmarks: Landmarks,
  network: Network,
  {patience}: FailoverRules,
): Promise<Probed> => {
  const begun = performance.now();
  const silence = `${source.name} did not say its tip`;
  const tip = await withPatience(silence, patience, source.chain.tip());
  const latency = performance.now() - begun;
  const own = {tip, latency, sharesAnchor: false, holdsSpeakersTip: false};
  if (tip.chain !== network.chain)
    return {...own, isGenesisKnown, otherChain: `it is on chain ${tip.chain}, and the ledger is for ${network.name}`};
  const look = async (): Promise<Probed> => {
    if (!isGenesisKnown && (await source.chain.genesis()) !== network.genesis)
      return {...own, isGenesisKnown: false, otherChain: `its genesis block is not that of ${network.name}`};
    return {...own, isGenesisKnown: true, ...(await compare(source, tip, landmarks))};
  };
  return withPatience(silence, patience, look());
};

const compare = async (
  {name, chain}: Source,
  tip: NodeTip,
  {speaker, anchor, tip: speakersTip}: Landmarks,
): Promise<Pick<Probed, 'otherChain' | 'sharesAnchor' | 'holdsSpeakersTip'>> => {
  const isSpeaker = name === speaker;
  const asked = [anchor, isSpeaker ? undefined : speakersTip].filter(
    block => block !== undefined && block.height <= tip.height,
  );
  const hashes = asked.length === 0 ? [] : await chain.hashesAt(asked.map(block => block!.height));
  const heldAt = (block: BlockRef | undefined) => hashes[asked.indexOf(block)];
  const theirs = heldAt(anchor);
  const otherChain =
    anchor !== undefined && theirs !== undefined && theirs !== anchor.hash
      ? `it has another block at ${anchor.height} than ${anchor.whose}, too deep for any reorganisation: it is another chain`
      : undefined;
  const sharesAnchor = anchor !== undefined && theirs === anchor.hash;
  return {
    otherChain,
    sharesAnchor,
    holdsSpeakersTip: isSpeaker || (speakersTip !== undefined && heldAt(speakersTip) === speakersTip.hash),
  };
};
