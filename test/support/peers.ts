import {RegtestNode, type RegtestOptions} from './regtest-node.ts';
import {until} from './until.ts';

/** Connects two nodes, so that each gets the other's blocks and transactions. */
export const connectNodes = async (one: RegtestNode, other: RegtestNode): Promise<void> => {
  // A node forgets it when it ends; one that went on has it already.
  await one.rpc('addnode', [other.peerAddress, 'add']).catch(() => undefined);
  await one.rpc('addnode', [other.peerAddress, 'onetry']);
  await until('the nodes to be connected', async () => (await one.rpc<number>('getconnectioncount')) > 0);
  await untilSameTip(one, other);
};

/** Parts them again; each goes on alone. */
export const partNodes = async (one: RegtestNode, other: RegtestNode): Promise<void> => {
  await one.rpc('addnode', [other.peerAddress, 'remove']);
  for (const {id} of await one.rpc<{id: number}[]>('getpeerinfo')) await one.rpc('disconnectnode', ['', id]);
  await until('the nodes to be parted', async () => (await one.rpc<number>('getconnectioncount')) === 0);
};

/** A node of its own on the chain of another one. */
export const startPeer = async (of: RegtestNode, options: RegtestOptions = {}): Promise<RegtestNode> => {
  const peer = await RegtestNode.start(options);
  await connectNodes(peer, of);
  return peer;
};

export const untilSameTip = async (...nodes: readonly RegtestNode[]): Promise<void> => {
  await until('the nodes to have one tip', async () => {
    const tips = await Promise.all(nodes.map(async node => node.rpc<string>('getbestblockhash')));
    return new Set(tips).size === 1;
  });
};
