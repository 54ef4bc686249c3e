-- 0003: the outbox is worked on.
-- Before  Jobs were written and nobody leased them; the only index gave the next one of all.
-- After   Each target's own next job, the leases it holds, and a job by its id among those not done are found without
--         walking others: a target that is down may have a hundred thousand. Jobs from before are taken as they are.
--         A leased job's due is the end of its lease.
-- While   Older builds still run: they name their columns, and know nothing of indexes.
CREATE INDEX outbox_target ON outbox (target, due) WHERE state < 2;
CREATE INDEX outbox_leased ON outbox (target, lease_until) WHERE state = 1;
CREATE INDEX outbox_open ON outbox (id) WHERE state <> 2;
