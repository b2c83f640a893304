CREATE TABLE `adjustment` (
	`id` integer PRIMARY KEY NOT NULL,
	`idempotency_key` text,
	`account_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`reason` text NOT NULL,
	`balance` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `adjustment_idempotency_key_unique` ON `adjustment` (`idempotency_key`);--> statement-breakpoint
CREATE TABLE `broadcast_payout` (
	`broadcast_id` integer NOT NULL,
	`payout_id` integer NOT NULL,
	`vout` integer NOT NULL,
	PRIMARY KEY(`broadcast_id`, `vout`),
	FOREIGN KEY (`broadcast_id`) REFERENCES `broadcast`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`payout_id`) REFERENCES `payout`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `imported_coin` (
	`txid` text NOT NULL,
	`vout` integer NOT NULL,
	`account_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`credited` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`txid`, `vout`),
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `transfer` (
	`id` integer PRIMARY KEY NOT NULL,
	`idempotency_key` text NOT NULL,
	`from_id` integer NOT NULL,
	`to_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`label` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`from_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`to_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `transfer_idempotency_key_unique` ON `transfer` (`idempotency_key`);--> statement-breakpoint
CREATE INDEX `transfer_from` ON `transfer` (`from_id`,`id`);--> statement-breakpoint
CREATE INDEX `transfer_to` ON `transfer` (`to_id`,`id`);--> statement-breakpoint
DROP INDEX `payout_created`;--> statement-breakpoint
ALTER TABLE `payout` ADD `quote` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `payout` ADD `limit_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `payout` ADD `requested_by` text;--> statement-breakpoint
ALTER TABLE `payout` ADD `approved_by` text;--> statement-breakpoint
-- Acceptances so far count by the wall clock of their time.
UPDATE `payout` SET `limit_at` = `created_at`;--> statement-breakpoint
CREATE INDEX `payout_limit` ON `payout` (`limit_at`);--> statement-breakpoint
ALTER TABLE `address` ADD `from_height` integer;--> statement-breakpoint
ALTER TABLE `broadcast` ADD `kind` text DEFAULT 'payouts' NOT NULL;