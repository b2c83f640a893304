import {z} from 'zod';
import {parseAmount} from '../../primitives/amount.ts';
import {parseTxid} from '../../primitives/ids.ts';
import {ADDRESS_TYPES, COMPRESSED_KEY} from './multisig.ts';

// Shapes of block.io's answers (API v2), only what is read of them: `data` of `{status: "success", data}`. From
// https://block.io/api and the test cases of its libraries; nobody here has an account to compare with.

const publicKey = z.string().regex(COMPRESSED_KEY);
const address = z.string().min(10).max(120);
/** Amounts are always strings of 8 decimals there. */
const amount = z
  .string()
  .regex(/^\d{1,12}\.\d{1,8}$/)
  .transform(text => parseAmount(text));
const hexText = z.string().regex(/^(?:[0-9a-fA-F]{2})*$/);

const network = z.string().min(1).max(20);
export const balance = z.object({network});
export const newAddress = z.object({network, address});
/** `redeem_script` is hex or words. */
export const newDtrustAddress = newAddress.extend({redeem_script: z.string().max(2000).optional()});

/** How a key was sealed. The bounds are ours: whoever answers may not keep us busy for an hour. */
const algorithm = z.object({
  pbkdf2_salt: z.string().max(200),
  pbkdf2_iterations: z.number().int().min(2).max(5_000_000),
  pbkdf2_hash_function: z.string().regex(/^sha256$/i),
  pbkdf2_phase1_key_length: z.number().int().min(1).max(64),
  pbkdf2_phase2_key_length: z.literal(32),
  aes_iv: hexText.nullish(),
  aes_cipher: z.enum(['AES-256-ECB', 'AES-256-CBC', 'AES-256-GCM']),
  aes_auth_tag: hexText.length(32).nullish(),
  aes_auth_data: hexText.nullish(),
});

const userKey = z.object({
  public_key: publicKey,
  encrypted_passphrase: z.string().max(4000),
  algorithm: algorithm.optional(),
});
export type UserKey = z.output<typeof userKey>;

const addressData = z.object({
  address,
  address_type: z.enum(ADDRESS_TYPES),
  required_signatures: z.number().int().min(1).max(15),
  public_keys: z.array(publicKey).min(1).max(15),
});
export type AddressData = z.output<typeof addressData>;

export const prepared = z.object({
  network,
  outputs: z.array(z.object({output_category: z.string(), output_value: amount})),
  input_address_data: z.array(addressData),
  user_key: userKey.optional(),
});
export type Prepared = z.output<typeof prepared>;

export const submitted = z.object({
  network,
  txid: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .transform(parseTxid),
});
