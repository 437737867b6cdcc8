-- at-least
-- {"atLeast":2,"of":[{"tag":"vip","op":"eq","value":true},{"tag":"level","op":"gte","value":3},{"event":"order_paid","op":"gte","value":3,"window":{"last":"P7D"}},{"list":"upload"}]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  ((if(b0, 1, 0) + if(b1, 1, 0) + if(b2, 1, 0) + if(b3, 1, 0)) >= 2) AS n0
FROM (
SELECT u.`sys_guid`,
  (e4.`sys_m0` >= 3) AS b0,
  (bitmap_contains(m0.b1, u.`sys_guid`)) AS b1,
  (p1.`level` >= 3) AS b2,
  (p1.`vip` = true) AS b3
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, count(*) AS `sys_m0` FROM `event_4_order_paid` AS r WHERE r.`sys_t` >= '2026-03-08 12:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
LEFT JOIN [broadcast] (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_1', `sys_guids`, NULL)) AS b1
FROM `sys_lists`
WHERE (`sys_list` = 'list_1')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = CAST(u.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n6)) AS c0
FROM (
SELECT t5.*,
  bitmap_or(n5, bitmap_andnot(bitmap_or(n3, n4), n5)) AS n6
FROM (
SELECT t4.*,
  bitmap_and(n3, n4) AS n5
FROM (
SELECT t3.*,
  bitmap_or(n0, n2) AS n3,
  bitmap_and(b3, bitmap_andnot(bitmap_or(n1, b2), n2)) AS n4
FROM (
SELECT t2.*,
  bitmap_and(n1, b2) AS n2
FROM (
SELECT t1.*,
  bitmap_andnot(bitmap_or(b0, b1), n0) AS n1
FROM (
SELECT t0.*,
  bitmap_and(b0, b1) AS n0
FROM (
SELECT a.`sys_seg`,
  a.sys_all,
  a.b0,
  a.b2,
  a.b3,
  bitmap_and(a.sys_all, ifnull(m0.b1, bitmap_empty())) AS b1
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b2, s.`sys_guid`, NULL)), bitmap_empty()) AS b2,
  ifnull(bitmap_agg(if(s.b3, s.`sys_guid`, NULL)), bitmap_empty()) AS b3
FROM (
SELECT u.`sys_guid`,
  (e4.`sys_m0` >= 3) AS b0,
  (p1.`level` >= 3) AS b2,
  (p1.`vip` = true) AS b3
FROM `sys_users` u
LEFT JOIN [colocate] (SELECT r.`sys_guid`, count(*) AS `sys_m0` FROM `event_4_order_paid` AS r WHERE r.`sys_t` >= '2026-03-08 12:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`) e4 ON e4.`sys_guid` = u.`sys_guid`
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) a
LEFT JOIN (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_1', `sys_guids`, NULL)) AS b1
FROM `sys_lists`
WHERE (`sys_list` = 'list_1')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = a.`sys_seg`
) t0
) t1
) t2
) t3
) t4
) t5
) t6;
