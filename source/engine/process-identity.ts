import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import type {LeaseHolder} from '../store/lease-store.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

interface ProcessStat {
  /** `Z` and `X` are processes that ended and wait to be reaped. */
  readonly state: string;
  /** Clock ticks since boot: with the pid it names one process of this boot. */
  readonly startTime: string;
}

/** Reads /proc/<pid>/stat; undefined when there is no such process. */
const processStat = (pid: number | 'self'): ProcessStat | undefined => {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // No such process; or no /proc at all, where nobody can be proven dead and the caller has asked for `self` first.
    return undefined;
  }
  // The second field is the program's name in brackets and may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {state: fields[0] ?? '?', startTime: fields[19] ?? '?'};
};

const readOr = (read: () => string, otherwise: string): string => {
  try {
    return read().trim();
  } catch {
    // Not Linux: without these nobody is provably dead and expiry alone decides.
    return otherwise;
  }
};

/** A pid means something only inside its pid namespace (containers of one host share host name and boot id). */
const pidNamespace = (): string => readOr(() => readlinkSync('/proc/self/ns/pid'), 'unknown');

/** Who this process is, for the lease: told from any other process that ever had this pid. */
export const thisProcess = (): LeaseHolder => ({
  host: hostname(),
  bootId: readOr(() => readFileSync(BOOT_ID, 'utf8'), 'unknown'),
  pid: process.pid,
  processStart: `${processStat('self')?.startTime ?? 'unknown'}@${pidNamespace()}`,
});

/**
 * True only when this host proves it: the same boot and pid namespace, and that very process is gone or a zombie.
 * After a reboot, on another host or in another container nothing is proven, and the lease's expiry decides.
 */
export const isProvablyDead = (holder: LeaseHolder): boolean => {
  const self = thisProcess();
  if (self.bootId === 'unknown' || holder.bootId !== self.bootId || holder.host !== self.host) return false;
  const [holderStart, holderNamespace] = holder.processStart.split('@');
  const [, ownNamespace] = self.processStart.split('@');
  if (holderNamespace !== ownNamespace || ownNamespace === 'unknown') return false;
  const stat = processStat(holder.pid);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return true;
  return stat.startTime !== holderStart;
};
