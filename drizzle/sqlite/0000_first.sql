CREATE TABLE `account` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`balance` integer NOT NULL,
	`frozen` text,
	`created_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `account_name_unique` ON `account` (`name`);--> statement-breakpoint
CREATE INDEX `account_frozen` ON `account` (`frozen`,`balance`) WHERE frozen IS NOT NULL;--> statement-breakpoint
CREATE TABLE `address` (
	`id` integer PRIMARY KEY NOT NULL,
	`address` text NOT NULL,
	`script` blob NOT NULL,
	`purpose` text NOT NULL,
	`account_id` integer,
	`label` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `address_address_unique` ON `address` (`address`);--> statement-breakpoint
CREATE UNIQUE INDEX `address_script_unique` ON `address` (`script`);--> statement-breakpoint
CREATE INDEX `address_account` ON `address` (`account_id`,`id`);--> statement-breakpoint
CREATE TABLE `block` (
	`height` integer PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`time` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `broadcast` (
	`id` integer PRIMARY KEY NOT NULL,
	`family` integer NOT NULL,
	`txid` text,
	`status` text NOT NULL,
	`reason` text,
	`raw` blob,
	`fee` integer NOT NULL,
	`virtual_size` integer NOT NULL,
	`change_vout` integer,
	`change_address_id` integer,
	`change_amount` integer,
	`attempts` integer NOT NULL,
	`last_answer` text,
	`height` integer,
	`block_hash` text,
	`created_at` integer NOT NULL,
	`signed_at` integer,
	`sent_at` integer,
	FOREIGN KEY (`change_address_id`) REFERENCES `address`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `broadcast_txid_unique` ON `broadcast` (`txid`);--> statement-breakpoint
CREATE INDEX `broadcast_live` ON `broadcast` (`status`) WHERE status NOT IN ('settled', 'abandoned');--> statement-breakpoint
CREATE INDEX `broadcast_family` ON `broadcast` (`family`);--> statement-breakpoint
CREATE INDEX `broadcast_change` ON `broadcast` (`change_address_id`);--> statement-breakpoint
CREATE TABLE `broadcast_input` (
	`broadcast_id` integer NOT NULL,
	`position` integer NOT NULL,
	`txid` text NOT NULL,
	`vout` integer NOT NULL,
	`amount` integer NOT NULL,
	`holds` integer NOT NULL,
	PRIMARY KEY(`broadcast_id`, `position`),
	FOREIGN KEY (`broadcast_id`) REFERENCES `broadcast`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `broadcast_input_outpoint` ON `broadcast_input` (`txid`,`vout`);--> statement-breakpoint
CREATE UNIQUE INDEX `broadcast_input_held` ON `broadcast_input` (`txid`,`vout`) WHERE holds = 1;--> statement-breakpoint
CREATE TABLE `delivery` (
	`id` integer PRIMARY KEY NOT NULL,
	`sink` text NOT NULL,
	`sequence` integer NOT NULL,
	`status` text NOT NULL,
	`attempts` integer NOT NULL,
	`last_error` text,
	`next_attempt_at` integer,
	`first_attempt_at` integer NOT NULL,
	FOREIGN KEY (`sink`) REFERENCES `sink`(`name`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`sequence`) REFERENCES `event`(`sequence`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `delivery_event` ON `delivery` (`sink`,`sequence`);--> statement-breakpoint
CREATE TABLE `deposit` (
	`id` integer PRIMARY KEY NOT NULL,
	`txid` text NOT NULL,
	`vout` integer NOT NULL,
	`account_id` integer NOT NULL,
	`address_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`replaced_by` text,
	`coinbase` integer NOT NULL,
	`height` integer,
	`block_hash` text,
	`first_seen_at` integer NOT NULL,
	`credited_at` integer,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`address_id`) REFERENCES `address`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `deposit_outpoint` ON `deposit` (`txid`,`vout`);--> statement-breakpoint
CREATE INDEX `deposit_account` ON `deposit` (`account_id`,`id`);--> statement-breakpoint
CREATE INDEX `deposit_address` ON `deposit` (`address_id`,`id`);--> statement-breakpoint
CREATE INDEX `deposit_pending` ON `deposit` (`account_id`,`amount`) WHERE status = 'detected';--> statement-breakpoint
CREATE INDEX `deposit_status` ON `deposit` (`status`,`id`);--> statement-breakpoint
CREATE TABLE `event` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`data` text NOT NULL,
	`created_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `job` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`from_height` integer NOT NULL,
	`to_height` integer NOT NULL,
	`at_height` integer NOT NULL,
	`known` integer NOT NULL,
	`found` integer NOT NULL,
	`changed` integer NOT NULL,
	`error` text,
	`created_at` integer NOT NULL,
	`ended_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `job_status` ON `job` (`status`);--> statement-breakpoint
CREATE TABLE `lease` (
	`id` integer PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`host` text NOT NULL,
	`boot_id` text NOT NULL,
	`pid` integer NOT NULL,
	`process_start` text NOT NULL,
	`expires_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `transaction` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`reference` text,
	`created_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `network_transaction` (
	`txid` text PRIMARY KEY NOT NULL,
	`raw` blob NOT NULL,
	`state` text NOT NULL,
	`coinbase` integer NOT NULL,
	`height` integer,
	`block_hash` text,
	`reason` text,
	`replaced_by` text,
	`first_seen_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `network_transaction_height` ON `network_transaction` (`height`) WHERE height IS NOT NULL;--> statement-breakpoint
CREATE INDEX `network_transaction_unanchored` ON `network_transaction` (`state`) WHERE state <> 'anchored';--> statement-breakpoint
CREATE TABLE `output` (
	`txid` text NOT NULL,
	`vout` integer NOT NULL,
	`address_id` integer NOT NULL,
	`amount` integer NOT NULL,
	`purpose` text NOT NULL,
	`coinbase` integer NOT NULL,
	`height` integer,
	`spent_by` text,
	`spent_height` integer,
	`reserved_by` integer,
	PRIMARY KEY(`txid`, `vout`),
	FOREIGN KEY (`address_id`) REFERENCES `address`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `output_unspent` ON `output` (`amount`,`height`,`spent_height`,`spent_by`) WHERE height IS NOT NULL AND spent_height IS NULL;--> statement-breakpoint
CREATE INDEX `output_spendable` ON `output` (`amount`) WHERE spent_by IS NULL AND reserved_by IS NULL;--> statement-breakpoint
CREATE INDEX `output_spent_by` ON `output` (`spent_by`) WHERE spent_by IS NOT NULL;--> statement-breakpoint
CREATE INDEX `output_reserved_by` ON `output` (`reserved_by`) WHERE reserved_by IS NOT NULL;--> statement-breakpoint
CREATE TABLE `payout` (
	`id` integer PRIMARY KEY NOT NULL,
	`idempotency_key` text NOT NULL,
	`account_id` integer NOT NULL,
	`address` text NOT NULL,
	`script` blob NOT NULL,
	`amount` integer NOT NULL,
	`label` text,
	`status` text NOT NULL,
	`reason` text,
	`held_from` text,
	`clears` text,
	`released` integer NOT NULL,
	`broadcast_id` integer,
	`vout` integer,
	`fee` integer,
	`height` integer,
	`block_hash` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`broadcast_id`) REFERENCES `broadcast`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `payout_idempotency_key_unique` ON `payout` (`idempotency_key`);--> statement-breakpoint
CREATE INDEX `payout_pending` ON `payout` (`account_id`,`amount`) WHERE status NOT IN ('confirmed', 'settled', 'cancelled');--> statement-breakpoint
CREATE INDEX `payout_account` ON `payout` (`account_id`,`id`);--> statement-breakpoint
CREATE INDEX `payout_broadcast` ON `payout` (`broadcast_id`,`vout`);--> statement-breakpoint
CREATE INDEX `payout_created` ON `payout` (`created_at`);--> statement-breakpoint
CREATE INDEX `payout_address` ON `payout` (`address`,`id`);--> statement-breakpoint
CREATE INDEX `payout_status` ON `payout` (`status`,`id`);--> statement-breakpoint
CREATE TABLE `posting` (
	`transaction_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`amount` integer NOT NULL,
	PRIMARY KEY(`transaction_id`, `account_id`),
	FOREIGN KEY (`transaction_id`) REFERENCES `transaction`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `posting_account` ON `posting` (`account_id`,`transaction_id`);--> statement-breakpoint
CREATE TABLE `sink` (
	`name` text PRIMARY KEY NOT NULL,
	`sequence` integer NOT NULL,
	`off_reason` text,
	`gap` integer NOT NULL,
	`last_delivered_at` integer
) STRICT;
--> statement-breakpoint
CREATE TABLE `unconfirmed_input` (
	`txid` text NOT NULL,
	`previous_txid` text NOT NULL,
	`previous_vout` integer NOT NULL,
	PRIMARY KEY(`txid`, `previous_txid`, `previous_vout`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `unconfirmed_input_outpoint` ON `unconfirmed_input` (`previous_txid`,`previous_vout`);