CREATE TABLE `output_total` (
	`id` integer PRIMARY KEY NOT NULL,
	`unspent` integer NOT NULL,
	`outpoints` integer NOT NULL,
	`untouched` integer NOT NULL
) STRICT;
--> statement-breakpoint
DROP INDEX `output_unspent`;--> statement-breakpoint
DROP INDEX `deposit_account`;--> statement-breakpoint
DROP INDEX `deposit_address`;--> statement-breakpoint
CREATE INDEX `deposit_uncredited` ON `deposit` (`id`,`amount`) WHERE status = 'detected' AND height IS NOT NULL;--> statement-breakpoint
CREATE INDEX `deposit_account` ON `deposit` (`account_id`,`status`,`id`);--> statement-breakpoint
CREATE INDEX `deposit_address` ON `deposit` (`address_id`,`status`,`id`);--> statement-breakpoint
DROP INDEX `payout_account`;--> statement-breakpoint
DROP INDEX `payout_address`;--> statement-breakpoint
CREATE INDEX `payout_account_address` ON `payout` (`account_id`,`address`,`status`,`id`);--> statement-breakpoint
CREATE INDEX `payout_account` ON `payout` (`account_id`,`status`,`id`);--> statement-breakpoint
CREATE INDEX `payout_address` ON `payout` (`address`,`status`,`id`);--> statement-breakpoint
INSERT INTO `output_total` (`id`, `unspent`, `outpoints`, `untouched`)
SELECT 1, coalesce(sum(`amount`), 0), count(*), coalesce(sum(`amount`) FILTER (WHERE `spent_by` IS NULL), 0)
FROM `output` WHERE `height` IS NOT NULL AND `spent_height` IS NULL;
--> statement-breakpoint
CREATE TRIGGER `output_added` AFTER INSERT ON `output`
WHEN NEW.`height` IS NOT NULL AND NEW.`spent_height` IS NULL
BEGIN
	UPDATE `output_total` SET
		`unspent` = `unspent` + NEW.`amount`,
		`outpoints` = `outpoints` + 1,
		`untouched` = `untouched` + iif(NEW.`spent_by` IS NULL, NEW.`amount`, 0);
END;
--> statement-breakpoint
CREATE TRIGGER `output_removed` AFTER DELETE ON `output`
WHEN OLD.`height` IS NOT NULL AND OLD.`spent_height` IS NULL
BEGIN
	UPDATE `output_total` SET
		`unspent` = `unspent` - OLD.`amount`,
		`outpoints` = `outpoints` - 1,
		`untouched` = `untouched` - iif(OLD.`spent_by` IS NULL, OLD.`amount`, 0);
END;
--> statement-breakpoint
CREATE TRIGGER `output_changed` AFTER UPDATE OF `amount`, `height`, `spent_height`, `spent_by` ON `output`
WHEN (OLD.`height` IS NOT NULL AND OLD.`spent_height` IS NULL) OR (NEW.`height` IS NOT NULL AND NEW.`spent_height` IS NULL)
BEGIN
	UPDATE `output_total` SET
		`unspent` = `unspent`
			- iif(OLD.`height` IS NOT NULL AND OLD.`spent_height` IS NULL, OLD.`amount`, 0)
			+ iif(NEW.`height` IS NOT NULL AND NEW.`spent_height` IS NULL, NEW.`amount`, 0),
		`outpoints` = `outpoints`
			- (OLD.`height` IS NOT NULL AND OLD.`spent_height` IS NULL)
			+ (NEW.`height` IS NOT NULL AND NEW.`spent_height` IS NULL),
		`untouched` = `untouched`
			- iif(OLD.`height` IS NOT NULL AND OLD.`spent_height` IS NULL AND OLD.`spent_by` IS NULL, OLD.`amount`, 0)
			+ iif(NEW.`height` IS NOT NULL AND NEW.`spent_height` IS NULL AND NEW.`spent_by` IS NULL, NEW.`amount`, 0);
END;
