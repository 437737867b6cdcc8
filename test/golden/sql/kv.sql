-- kv
-- {"and":[{"tag":"campaign","op":"eq","value":"c1"},{"tag":"score","op":"gt","value":1.2}]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  (b0 AND b1) AS n0
FROM (
SELECT u.`sys_guid`,
  (k3.`sys_k0` = 1) AS b0,
  (k3.`sys_k1` = 1) AS b1
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, max(if(r.`sys_tag` = 12 AND r.`sys_text` = 'c1', 1, 0)) AS `sys_k0`, max(if(r.`sys_tag` = 13 AND r.`sys_number` >= 13 AND (r.`sys_t` IS NULL OR r.`sys_t` > '2026-03-08 12:00:00.000'), 1, 0)) AS `sys_k1` FROM `kv_3_label` AS r WHERE r.`sys_tag` IN (12, 13) GROUP BY r.`sys_guid`) k3 ON k3.`sys_guid` = u.`sys_guid`
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n0)) AS c0
FROM (
SELECT t0.*,
  bitmap_and(b0, b1) AS n0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b1, s.`sys_guid`, NULL)), bitmap_empty()) AS b1
FROM (
SELECT u.`sys_guid`,
  (k3.`sys_k0` = 1) AS b0,
  (k3.`sys_k1` = 1) AS b1
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, max(if(r.`sys_tag` = 12 AND r.`sys_text` = 'c1', 1, 0)) AS `sys_k0`, max(if(r.`sys_tag` = 13 AND r.`sys_number` >= 13 AND (r.`sys_t` IS NULL OR r.`sys_t` > '2026-03-08 12:00:00.000'), 1, 0)) AS `sys_k1` FROM `kv_3_label` AS r WHERE r.`sys_tag` IN (12, 13) GROUP BY r.`sys_guid`) k3 ON k3.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;
