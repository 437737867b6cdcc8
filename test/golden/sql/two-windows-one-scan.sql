-- two-windows-one-scan
-- {"and":[{"event":"order_paid","op":"gte","value":1,"window":{"last":"P7D"}},{"event":"order_paid","op":"lte","value":2,"window":{"from":"2026-02-01T00:00:00Z","to":"2026-03-01T00:00:00Z"}},{"event":"order_paid","op":"gt","value":10,"measure":{"sum":"amount"}}]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  ((b0 AND b1) AND NOT ifnull(b2, false)) AS n0
FROM (
SELECT u.`sys_guid`,
  (e4.`sys_m0` > 10.00) AS b0,
  (e4.`sys_m1` >= 1) AS b1,
  (e4.`sys_m2` >= 3) AS b2
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, sum(r.`amount`) AS `sys_m0`, count(if(r.`sys_t` >= '2026-03-08 12:00:00.001', 1, NULL)) AS `sys_m1`, count(if(r.`sys_t` >= '2026-02-01 00:00:00.000' AND r.`sys_t` < '2026-03-01 00:00:00.000', 1, NULL)) AS `sys_m2` FROM `event_4_order_paid` AS r WHERE r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n0)) AS c0
FROM (
SELECT t0.*,
  bitmap_andnot(bitmap_and(b0, b1), b2) AS n0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b1, s.`sys_guid`, NULL)), bitmap_empty()) AS b1,
  ifnull(bitmap_agg(if(s.b2, s.`sys_guid`, NULL)), bitmap_empty()) AS b2
FROM (
SELECT u.`sys_guid`,
  (e4.`sys_m0` > 10.00) AS b0,
  (e4.`sys_m1` >= 1) AS b1,
  (e4.`sys_m2` >= 3) AS b2
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, sum(r.`amount`) AS `sys_m0`, count(if(r.`sys_t` >= '2026-03-08 12:00:00.001', 1, NULL)) AS `sys_m1`, count(if(r.`sys_t` >= '2026-02-01 00:00:00.000' AND r.`sys_t` < '2026-03-01 00:00:00.000', 1, NULL)) AS `sys_m2` FROM `event_4_order_paid` AS r WHERE r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;
