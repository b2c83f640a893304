export {descriptorChecksum} from './checksum.ts';
export {withoutPrivateKeys} from './extended-key.ts';
export {parseWallet, type WrittenWallet} from './parse-descriptor.ts';
export {HARDENED, readStep, writePath} from './path.ts';
export {
  BRANCHES,
  BranchDeriver,
  branchFingerprint,
  scriptFor,
  witnessScriptFor,
  writeAccount,
  writeDescriptor,
  type Branch,
  type BranchKeys,
  type DerivedKey,
  type WalletKeys,
} from './wallet-keys.ts';
