CREATE TABLE `sink_replay` (
	`id` integer PRIMARY KEY NOT NULL,
	`sink` text NOT NULL,
	`from_sequence` integer NOT NULL,
	`to_sequence` integer NOT NULL,
	`at_sequence` integer NOT NULL,
	`attempts` integer NOT NULL,
	`last_error` text,
	`next_attempt_at` integer,
	`first_attempt_at` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`sink`) REFERENCES `sink`(`name`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `sink_replay_sink` ON `sink_replay` (`sink`,`id`);--> statement-breakpoint
ALTER TABLE `sink` ADD `paused` integer DEFAULT 0 NOT NULL;