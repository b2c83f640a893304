import {z} from 'zod';

/** Decimal string with exactly the coin's decimals when written; 1 to 8 decimals when read. */
export const amountText = z
  .string()
  .meta({description: 'Decimal string in whole coins, written with 8 decimals', example: '0.50000000'});
export const time = z.string().meta({description: 'RFC 3339, UTC', example: '2026-01-31T12:00:00.000Z'});
export const txid = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')
  .meta({description: 'Transaction id, 64 lower-case hex digits'});
export const blockHash = z.string().regex(/^[0-9a-f]{64}$/);
export const id = z.string().meta({description: 'Opaque id, unique per coin', example: '88121'});
export const accountName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/,
    'expected 1 to 64 letters, digits and . _ : @ -, starting with a letter or digit',
  );
export const label = z.string().max(200);

export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({items: z.array(item), next: z.string().nullable()});
export interface Page<Item> {
  items: Item[];
  /** Cursor of the next page, or null at the end. */
  next: string | null;
}

/** What every list takes. Filters that a list does not have are refused. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(100).optional(),
});
export type PageQuery = z.infer<typeof pageQuery>;
