CREATE TABLE `derived_script` (
	`script` blob PRIMARY KEY NOT NULL,
	`branch` text NOT NULL,
	`position` integer NOT NULL,
	`address` text NOT NULL,
	`state` text NOT NULL,
	`paid` integer DEFAULT 0 NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `derived_script_position` ON `derived_script` (`branch`,`position`);--> statement-breakpoint
CREATE INDEX `derived_script_state` ON `derived_script` (`branch`,`state`,`position`);--> statement-breakpoint
CREATE INDEX `derived_script_paid` ON `derived_script` (`branch`,`position`) WHERE paid = 1;--> statement-breakpoint
CREATE INDEX `derived_script_untold` ON `derived_script` (`state`) WHERE state IN ('ahead', 'taken');