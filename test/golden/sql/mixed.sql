-- mixed
-- {"and":[{"tag":"city","op":"in","value":["oslo","rome"]},{"not":{"tag":"level","op":"lt","value":3}},{"or":[{"event":"order_paid","op":"gte","value":3,"window":{"last":"P7D"}},{"list":"upload"},{"tag":"campaign","op":"eq","value":"c0"}]},{"not":{"and":[{"tag":"os","op":"eq","value":"ios"},{"event":"visit","op":"gte","value":1}]}}]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n2, 1, NULL)) AS c0,
  count(if(b0, 1, NULL)) AS c1,
  count(if(b7, 1, NULL)) AS c2,
  count(if(n3, 1, NULL)) AS c3,
  count(if(b6, 1, NULL)) AS c4,
  count(if(b8, 1, NULL)) AS c5,
  count(if(n0, 1, NULL)) AS c6,
  count(if(b1, 1, NULL)) AS c7,
  count(if(b3, 1, NULL)) AS c8,
  count(if(b2, 1, NULL)) AS c9,
  count(if(b9, 1, NULL)) AS c10,
  count(if(n4, 1, NULL)) AS c11,
  count(if(n1, 1, NULL)) AS c12,
  count(if(b5, 1, NULL)) AS c13,
  count(if(b10, 1, NULL)) AS c14,
  count(if(b4, 1, NULL)) AS c15
FROM (
SELECT t1.*,
  ((b0 AND n0) AND NOT ifnull((n1 OR b6), false)) AS n2,
  (NOT ifnull(n1, false)) AS n4
FROM (
SELECT t0.*,
  (b1 OR b2 OR b3) AS n0,
  (b4 AND b5) AS n1,
  (NOT ifnull(b6, false)) AS n3
FROM (
SELECT u.`sys_guid`,
  (p1.`city` IN ('oslo', 'rome')) AS b0,
  (e4.`sys_m0` >= 3) AS b1,
  (k3.`sys_k0` = 1) AS b2,
  (bitmap_contains(m0.b3, u.`sys_guid`)) AS b3,
  (e5.`sys_m0` >= 1) AS b4,
  (p2.`os` = 'ios') AS b5,
  (p1.`level` <= 2) AS b6,
  (p1.`city` IS NULL) AS b7,
  (p1.`level` IS NULL) AS b8,
  (ifnull(k3.`sys_k1`, 0) = 0) AS b9,
  (p2.`os` IS NULL) AS b10
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] (SELECT r.`sys_guid`, count(*) AS `sys_m0` FROM `event_4_order_paid` AS r WHERE r.`sys_t` >= '2026-03-08 12:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] (SELECT r.`sys_guid`, max(if(r.`sys_tag` = 12 AND r.`sys_text` = 'c0', 1, 0)) AS `sys_k0`, max(if(r.`sys_tag` = 12 AND r.`sys_text` IS NOT NULL, 1, 0)) AS `sys_k1` FROM `kv_3_label` AS r WHERE r.`sys_tag` = 12 GROUP BY r.`sys_guid`) k3 ON k3.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] (SELECT r.`sys_guid`, count(*) AS `sys_m0` FROM `event_5_visit` AS r WHERE r.`sys_t` >= '2026-02-13 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e5 ON e5.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] `profile_2_device` p2 ON p2.`sys_guid` = u.`sys_guid`
LEFT JOIN [broadcast] (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_1', `sys_guids`, NULL)) AS b3
FROM `sys_lists`
WHERE (`sys_list` = 'list_1')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = CAST(u.`sys_guid` DIV 4194304 AS INT)
) t0
) t1
) t2;

-- bitmap
SELECT sum(bitmap_count(n2)) AS c0,
  sum(bitmap_count(b0)) AS c1,
  sum(bitmap_count(b7)) AS c2,
  sum(bitmap_count(n3)) AS c3,
  sum(bitmap_count(b6)) AS c4,
  sum(bitmap_count(b8)) AS c5,
  sum(bitmap_count(n0)) AS c6,
  sum(bitmap_count(b1)) AS c7,
  sum(bitmap_count(b3)) AS c8,
  sum(bitmap_count(b2)) AS c9,
  sum(bitmap_count(b9)) AS c10,
  sum(bitmap_count(n4)) AS c11,
  sum(bitmap_count(n1)) AS c12,
  sum(bitmap_count(b5)) AS c13,
  sum(bitmap_count(b10)) AS c14,
  sum(bitmap_count(b4)) AS c15
FROM (
SELECT t1.*,
  bitmap_andnot(bitmap_and(b0, n0), bitmap_or(n1, b6)) AS n2,
  bitmap_andnot(sys_all, n1) AS n4
FROM (
SELECT t0.*,
  bitmap_or(bitmap_or(b1, b2), b3) AS n0,
  bitmap_and(b4, b5) AS n1,
  bitmap_andnot(sys_all, b6) AS n3
FROM (
SELECT a.`sys_seg`,
  a.sys_all,
  a.b0,
  a.b1,
  a.b2,
  a.b4,
  a.b5,
  a.b6,
  a.b7,
  a.b8,
  a.b9,
  a.b10,
  bitmap_and(a.sys_all, ifnull(m0.b3, bitmap_empty())) AS b3
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b1, s.`sys_guid`, NULL)), bitmap_empty()) AS b1,
  ifnull(bitmap_agg(if(s.b2, s.`sys_guid`, NULL)), bitmap_empty()) AS b2,
  ifnull(bitmap_agg(if(s.b4, s.`sys_guid`, NULL)), bitmap_empty()) AS b4,
  ifnull(bitmap_agg(if(s.b5, s.`sys_guid`, NULL)), bitmap_empty()) AS b5,
  ifnull(bitmap_agg(if(s.b6, s.`sys_guid`, NULL)), bitmap_empty()) AS b6,
  ifnull(bitmap_agg(if(s.b7, s.`sys_guid`, NULL)), bitmap_empty()) AS b7,
  ifnull(bitmap_agg(if(s.b8, s.`sys_guid`, NULL)), bitmap_empty()) AS b8,
  ifnull(bitmap_agg(if(s.b9, s.`sys_guid`, NULL)), bitmap_empty()) AS b9,
  ifnull(bitmap_agg(if(s.b10, s.`sys_guid`, NULL)), bitmap_empty()) AS b10
FROM (
SELECT u.`sys_guid`,
  (p1.`city` IN ('oslo', 'rome')) AS b0,
  (e4.`sys_m0` >= 3) AS b1,
  (k3.`sys_k0` = 1) AS b2,
  (e5.`sys_m0` >= 1) AS b4,
  (p2.`os` = 'ios') AS b5,
  (p1.`level` <= 2) AS b6,
  (p1.`city` IS NULL) AS b7,
  (p1.`level` IS NULL) AS b8,
  (ifnull(k3.`sys_k1`, 0) = 0) AS b9,
  (p2.`os` IS NULL) AS b10
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] (SELECT r.`sys_guid`, count(*) AS `sys_m0` FROM `event_4_order_paid` AS r WHERE r.`sys_t` >= '2026-03-08 12:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] (SELECT r.`sys_guid`, max(if(r.`sys_tag` = 12 AND r.`sys_text` = 'c0', 1, 0)) AS `sys_k0`, max(if(r.`sys_tag` = 12 AND r.`sys_text` IS NOT NULL, 1, 0)) AS `sys_k1` FROM `kv_3_label` AS r WHERE r.`sys_tag` = 12 GROUP BY r.`sys_guid`) k3 ON k3.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] (SELECT r.`sys_guid`, count(*) AS `sys_m0` FROM `event_5_visit` AS r WHERE r.`sys_t` >= '2026-02-13 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e5 ON e5.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] `profile_2_device` p2 ON p2.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) a
LEFT JOIN (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_1', `sys_guids`, NULL)) AS b3
FROM `sys_lists`
WHERE (`sys_list` = 'list_1')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = a.`sys_seg`
) t0
) t1
) t2;
