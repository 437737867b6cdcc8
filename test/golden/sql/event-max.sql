-- event-max
-- {"event":"order_paid","op":"lt","value":20,"measure":{"max":"amount"}}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(b0, 1, NULL)) AS c0
FROM (
SELECT u.`sys_guid`,
  (e4.`sys_m0` <= 19.99) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, max(r.`amount`) AS `sys_m0` FROM `event_4_order_paid` AS r WHERE r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
) t0;

-- bitmap
SELECT sum(bitmap_count(b0)) AS c0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0
FROM (
SELECT u.`sys_guid`,
  (e4.`sys_m0` <= 19.99) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, max(r.`amount`) AS `sys_m0` FROM `event_4_order_paid` AS r WHERE r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0;
