-- sequence
-- {"sequence":[{"event":"visit","where":[{"property":"page","op":"eq","value":"/"}]},{"event":"visit"},{"event":"order_paid"}],"within":"P20D"}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(b0, 1, NULL)) AS c0
FROM (
SELECT u.`sys_guid`,
  (q0.`sys_guid` IS NOT NULL) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT `sys_guid` FROM (SELECT `sys_guid`, `sys_t`, if(`sys_h3` = 1, max(`sys_c2`) OVER (PARTITION BY `sys_guid` ORDER BY `sys_t` ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), NULL) AS `sys_c3` FROM (SELECT `sys_guid`, `sys_t`, if(`sys_h2` = 1, max(`sys_c1`) OVER (PARTITION BY `sys_guid` ORDER BY `sys_t` ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), NULL) AS `sys_c2`, `sys_h3` FROM (SELECT `sys_guid`, `sys_t`, if(`sys_h1` = 1, `sys_t`, NULL) AS `sys_c1`, `sys_h2`, `sys_h3` FROM (SELECT `sys_guid`, `sys_t`, max(`sys_h1`) AS `sys_h1`, max(`sys_h2`) AS `sys_h2`, max(`sys_h3`) AS `sys_h3` FROM (SELECT r.`sys_guid`, r.`sys_t`, if(r.`page` = '/', 1, 0) AS `sys_h1`, 1 AS `sys_h2`, 0 AS `sys_h3` FROM `event_5_visit` AS r WHERE r.`sys_t` >= '2026-02-13 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' UNION ALL SELECT r.`sys_guid`, r.`sys_t`, 0 AS `sys_h1`, 0 AS `sys_h2`, 1 AS `sys_h3` FROM `event_4_order_paid` AS r WHERE r.`sys_t` < '2026-03-15 12:00:00.001') AS q0 GROUP BY `sys_guid`, `sys_t`) AS q1) AS q2) AS q3) AS q WHERE `sys_c3` >= days_sub(`sys_t`, 20) GROUP BY `sys_guid`) q0 ON q0.`sys_guid` = u.`sys_guid`
) t0;

-- bitmap
SELECT sum(bitmap_count(b0)) AS c0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0
FROM (
SELECT u.`sys_guid`,
  (q0.`sys_guid` IS NOT NULL) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT `sys_guid` FROM (SELECT `sys_guid`, `sys_t`, if(`sys_h3` = 1, max(`sys_c2`) OVER (PARTITION BY `sys_guid` ORDER BY `sys_t` ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), NULL) AS `sys_c3` FROM (SELECT `sys_guid`, `sys_t`, if(`sys_h2` = 1, max(`sys_c1`) OVER (PARTITION BY `sys_guid` ORDER BY `sys_t` ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), NULL) AS `sys_c2`, `sys_h3` FROM (SELECT `sys_guid`, `sys_t`, if(`sys_h1` = 1, `sys_t`, NULL) AS `sys_c1`, `sys_h2`, `sys_h3` FROM (SELECT `sys_guid`, `sys_t`, max(`sys_h1`) AS `sys_h1`, max(`sys_h2`) AS `sys_h2`, max(`sys_h3`) AS `sys_h3` FROM (SELECT r.`sys_guid`, r.`sys_t`, if(r.`page` = '/', 1, 0) AS `sys_h1`, 1 AS `sys_h2`, 0 AS `sys_h3` FROM `event_5_visit` AS r WHERE r.`sys_t` >= '2026-02-13 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' UNION ALL SELECT r.`sys_guid`, r.`sys_t`, 0 AS `sys_h1`, 0 AS `sys_h2`, 1 AS `sys_h3` FROM `event_4_order_paid` AS r WHERE r.`sys_t` < '2026-03-15 12:00:00.001') AS q0 GROUP BY `sys_guid`, `sys_t`) AS q1) AS q2) AS q3) AS q WHERE `sys_c3` >= days_sub(`sys_t`, 20) GROUP BY `sys_guid`) q0 ON q0.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0;
