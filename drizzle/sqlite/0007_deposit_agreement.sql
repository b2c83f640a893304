CREATE TABLE `deposit_agreement` (
	`deposit_id` integer NOT NULL,
	`source` text NOT NULL,
	`block_hash` text NOT NULL,
	`says` text NOT NULL,
	`words` text,
	`asked_at` integer NOT NULL,
	PRIMARY KEY(`deposit_id`, `source`),
	FOREIGN KEY (`deposit_id`) REFERENCES `deposit`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
ALTER TABLE `deposit` ADD `waits_for` text;