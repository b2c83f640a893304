CREATE TABLE `broadcast_answer` (
	`broadcast_id` integer NOT NULL,
	`attempt` integer NOT NULL,
	`times` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`answer` text,
	PRIMARY KEY(`broadcast_id`, `attempt`),
	FOREIGN KEY (`broadcast_id`) REFERENCES `broadcast`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `event_subject` ON `event` (data ->> '$.id',`sequence`);