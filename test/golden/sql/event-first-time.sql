-- event-first-time
-- {"event":"visit","op":"gte","value":"2026-03-10T00:00:00Z","measure":{"firstTime":"*"}}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(b0, 1, NULL)) AS c0
FROM (
SELECT u.`sys_guid`,
  (e5.`sys_m0` >= '2026-03-10 00:00:00.000') AS b0
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, min(r.`sys_t`) AS `sys_m0` FROM `event_5_visit` AS r WHERE r.`sys_t` >= '2026-02-13 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e5 ON e5.`sys_guid` = u.`sys_guid`
) t0;

-- bitmap
SELECT sum(bitmap_count(b0)) AS c0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0
FROM (
SELECT u.`sys_guid`,
  (e5.`sys_m0` >= '2026-03-10 00:00:00.000') AS b0
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, min(r.`sys_t`) AS `sys_m0` FROM `event_5_visit` AS r WHERE r.`sys_t` >= '2026-02-13 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e5 ON e5.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0;
