ALTER TABLE `job` ADD `method` text;--> statement-breakpoint
ALTER TABLE `job` ADD `estimate` text;