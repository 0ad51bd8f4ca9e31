-- Question: from when to when do the per-second counts reach?
-- Grain: one row; NULLs when there are none.
-- Params: none.
-- Caveats: none.
SELECT min(second) AS first_at, max(second) AS last_at FROM calls_per_second
