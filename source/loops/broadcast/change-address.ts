import {scriptOf} from '../../coins/index.ts';
import {passStep, type BroadcastParts} from './parts.ts';

/** Stored before anything is built that pays it, or change would come back as a stranger's. */
export const changeAddress = async (parts: BroadcastParts): Promise<{address: string; scriptPubKey: Buffer}> => {
  const {store, addresses, coin, network, clock} = parts;
  const unused = await store.unusedChangeAddress();
  if (unused) return unused;
  const address = await addresses.newChangeAddress();
  const scriptPubKey = scriptOf(address, coin, network);
  await store.addChangeAddress(address, scriptPubKey, clock.now());
  await passStep(parts, 'change-stored');
  return {address, scriptPubKey};
};
